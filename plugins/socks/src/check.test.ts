import { describe, expect, it } from 'vitest';
import type { InboundContribution, OutboundContribution } from '@sluice/plugin-api';
import { socksInbound, socksOutbound } from './index.js';

function problemsOf(contribution: InboundContribution | OutboundContribution, settings: object): string[] {
  const found: string[] = [];
  contribution.check?.(settings, {
    error: (path, message) => found.push(`error ${path.join('.')}: ${message}`),
    warning: (path, message) => found.push(`warning ${path.join('.')}: ${message}`),
  });
  return found;
}

const account = { user: 'ann', pass: 'hidden-word' };

describe("the inbound's check", () => {
  it.each([
    {},
    { auth: 'noauth' },
    { auth: 'password', accounts: [account] },
    { udp: true, ip: '192.0.2.1' },
    { udp: true, ip: 'a.io' },
    { timeout: 0 },
  ])('is content with %o', (settings) => {
    expect(problemsOf(socksInbound, settings)).toEqual([]);
  });

  it.each([
    [{ auth: 'password' }, /^error auth:/],
    [{ auth: 'password', accounts: [] }, /^error auth:/],
    [{ accounts: [account] }, /^warning accounts:/],
    [{ auth: 'password', accounts: [account, account] }, /^warning accounts\.1\.user:/],
    [{ auth: 'password', accounts: [{ user: 'ü'.repeat(128), pass: 'p' }] }, /^error accounts\.0\.user: .*256 bytes/],
    [{ auth: 'password', accounts: [{ user: 'u', pass: '' }] }, /^warning accounts\.0\.pass:/],
    [{ udp: true, ip: '/run/x' }, /^error ip:/],
    [{ udp: true, ip: 'a b' }, /^error ip:/],
    [{ ip: '192.0.2.1' }, /^warning ip:/],
    [{ timeout: 300 }, /^warning timeout:/],
  ])('finds what is wrong with %o', (settings, problem) => {
    const found = problemsOf(socksInbound, settings);
    expect(found).toEqual([expect.stringMatching(problem)]);
    expect(found.join()).not.toContain(account.pass);
  });
});

describe("the outbound's check", () => {
  it('finds hosts that are none, users named twice, and fields without room', () => {
    const server = { address: '192.0.2.1', port: 1080 };
    expect(problemsOf(socksOutbound, { servers: [server, { ...server, address: 'a.io', users: [account] }] })).toEqual(
      [],
    );
    const wrong = { address: 'a b', port: 1080, users: [account, account, { user: 'x', pass: 'y'.repeat(256) }] };
    expect(problemsOf(socksOutbound, { servers: [server, wrong] })).toEqual([
      expect.stringMatching(/^error servers\.1\.address:/),
      expect.stringMatching(/^warning servers\.1\.users\.1\.user:/),
      expect.stringMatching(/^error servers\.1\.users\.2\.pass:/),
    ]);
  });
});

describe('the networks of the inbound', () => {
  it('include UDP only where it is enabled', () => {
    expect(socksInbound.networks({})).toEqual(['tcp']);
    expect(socksInbound.networks({ udp: true })).toEqual(['tcp', 'udp']);
  });
});
