import { describe, expect, test } from 'vitest';
import { checkClashApi } from './check.js';
import type { ClashApiSettings } from './schema.js';

function problems(settings: Partial<ClashApiSettings>): string[] {
  const found: string[] = [];
  checkClashApi(
    { 'external-controller': '127.0.0.1:9090', ...settings },
    {
      error: (path, message) => found.push(`error ${path.join('.')}: ${message}`),
      warning: (path, message) => found.push(`warning ${path.join('.')}: ${message}`),
    },
  );
  return found;
}

describe('external-controller', () => {
  test.each(['127.0.0.1:9090', '127.8.9.1:1', '[::1]:9090', 'localhost:9090', 'LOCALHOST:0'])(
    '%s needs no secret',
    (address) => {
      expect(problems({ 'external-controller': address })).toEqual([]);
    },
  );

  test.each([':9090', '*:9090', '0.0.0.0:9090', '[::]:9090', '192.0.2.1:9090', '[2001:db8::1]:9090'])(
    '%s needs a secret',
    (address) => {
      for (const secret of [undefined, '']) {
        const found = problems({ 'external-controller': address, ...(secret === undefined ? {} : { secret }) });
        expect(found).toEqual([expect.stringMatching(/^error external-controller: .*set a `secret`/)]);
      }
      expect(problems({ 'external-controller': address, secret: 'long and random' })).toEqual([]);
      expect(problems({ 'external-controller': address, secret: 'abc' })).toEqual([
        expect.stringMatching(/^warning secret: /),
      ]);
    },
  );

  test.each([
    '9090',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:x',
    'example.org:9090',
    '::1:9090',
    '[127.0.0.1]:1',
  ])('%s is refused', (address) => {
    expect(problems({ 'external-controller': address })).toEqual([expect.stringMatching(/^error external-controller/)]);
  });
});

test('a message never shows the secret', () => {
  expect(problems({ 'external-controller': ':1', secret: 'hush' }).join()).not.toContain('hush');
});

test('there is one mode', () => {
  expect(problems({ 'default-mode': 'Rule' })).toEqual([]);
  expect(problems({ 'default-mode': 'global' })).toEqual([expect.stringMatching(/^error default-mode/)]);
});

test('origins are origins, and all of them need a secret', () => {
  expect(problems({ 'allow-origins': ['https://a.example', 'http://b.example:8080/'], secret: 's' })).toEqual([]);
  expect(problems({ 'allow-origins': ['*'], secret: 's' })).toEqual([]);
  expect(problems({ 'allow-origins': ['*'] })).toEqual([expect.stringMatching(/^error allow-origins\.0/)]);
  expect(problems({ 'allow-origins': ['https://a.example'] })).toEqual([
    expect.stringMatching(/^warning allow-origins\.0/),
  ]);
  for (const origin of ['a.example', 'https://a.example/path', 'https://u@a.example', 'null', 'file:///x']) {
    expect(problems({ 'allow-origins': [origin], secret: 's' })).toEqual([
      expect.stringMatching(/^error allow-origins\.0/),
    ]);
  }
});
