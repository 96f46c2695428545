import { expect, test } from 'vitest';
import { reverseService } from './index.js';

function found(settings: object): string[] {
  const problems: string[] = [];
  reverseService.check?.(
    settings,
    {
      error: (path, message) => problems.push(`${path.join('.')}: ${message}`),
      warning: (path, message) => problems.push(`warning ${path.join('.')}: ${message}`),
    },
    {} as never,
    { dnsServers: [] },
  );
  return problems;
}

test('names what cannot be a domain, and portals of one tag', () => {
  expect(found({})).toEqual([]);
  expect(
    found({
      bridges: [
        { tag: 'a', domain: 'ok.example' },
        { tag: 'a', domain: '127.0.0.1' },
        { tag: 'b', domain: 'a b' },
      ],
      portals: [
        { tag: 'p', domain: 'ok.example' },
        { tag: 'p', domain: '/run/x' },
      ],
    }),
  ).toEqual([
    'bridges.1.domain: this is no domain name',
    'bridges.2.domain: the host is neither an IP address nor a domain name',
    'portals.1.domain: this is no domain name',
    'portals.1.tag: there is another portal of the tag "p"',
  ]);
});

test('names the tags that rules can name', () => {
  const settings = {
    bridges: [
      { tag: 'a', domain: 'x' },
      { tag: 'a', domain: 'y' },
    ],
    portals: [{ tag: 'p', domain: 'z' }],
  };
  expect(reverseService.inboundTags?.(settings)).toEqual(['a']);
  expect(reverseService.outboundTags?.(settings)).toEqual(['p']);
  expect([reverseService.inboundTags?.({}), reverseService.outboundTags?.({})]).toEqual([[], []]);
});
