import { destination, formatDestination } from '@sluice/plugin-api';
import { describe, expect, test } from 'vitest';
import { Redirect } from './redirect.js';

describe('Redirect', () => {
  test.each([
    ['example.org:80', 'tcp:example.org:80'],
    ['Example.ORG:80', 'tcp:example.org:80'],
    ['127.0.0.1:80', 'tcp:127.0.0.1:80'],
    ['[::1]:80', 'tcp:[::1]:80'],
    [':80', 'tcp:target.example:80'],
    ['0.0.0.0:80', 'tcp:target.example:80'],
    ['example.org:0', 'tcp:example.org:443'],
    [':0', 'tcp:target.example:443'],
  ])('%s leads to %s', (text, expected) => {
    const to = new Redirect(text).apply(destination('tcp', 'target.example', 443));
    expect(formatDestination(to)).toBe(expected);
    expect(to).toEqual(destination('tcp', to.host, to.port));
  });

  test('keeps the network', () => {
    expect(new Redirect('example.org:0').apply(destination('udp', '192.0.2.1', 53))).toEqual(
      destination('udp', 'example.org', 53),
    );
  });

  // V2Ray refuses these as well, except for the paths and what is in brackets.
  test.each([
    'example.org',
    'example.org:',
    '127.0.0.1:70000',
    '::1:80',
    '/run/x.sock',
    '/run/x.sock:80',
    '@x:1',
    'a:https',
    '[example.org]:80',
    '[/x:y]:80',
    'a b:80',
    '[]:80',
    '',
  ])('%j is refused', (text) => {
    expect(() => new Redirect(text)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }) as Error);
  });
});
