import type { CommandConfig } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import type { Finding } from './finding.js';
import { makeReport, reportLines } from './report.js';

const nowhereElse: CommandConfig = { inbounds: [], outbounds: [] };
const findings: Finding[] = [
  { subject: 'data centres', about: '1 (IPv4)', status: 'ok', seen: 'answers', address: 'a:1', milliseconds: 12 },
  { subject: 'data centres', about: '1 (IPv6)', status: 'warning', seen: 'refuses', advice: 'open it', address: 'b:1' },
  { subject: 'data centres', about: '2 (IPv4)', status: 'ok', seen: 'answers', address: 'a:2', milliseconds: 7 },
  { subject: 'clock', status: 'ok', seen: 'right' },
];

describe('the report', () => {
  it('puts together what is alike, by subject', () => {
    expect(reportLines(makeReport(findings, nowhereElse))).toEqual([
      'clock',
      '  ok       right',
      'data centres',
      '  ok       1 (IPv4), 2 (IPv4): answers (7 to 12 ms)',
      '  warning  1 (IPv6) at b:1: refuses',
      '           → open it',
      '',
      'No problems, 1 warning.',
      'Checked from this machine directly, past all routing.',
    ]);
  });

  it('is well with warnings and not with problems', () => {
    expect(makeReport(findings, nowhereElse).ok).toBe(true);
    expect(makeReport([...findings, { subject: 'names', status: 'problem', seen: 'x' }], nowhereElse).ok).toBe(false);
  });

  it('says by which outbounds connections can leave in another way', () => {
    const outbound = (tag: string, protocol: string, more = {}) => ({ tag, protocol, isRouted: true, ...more });
    const outbounds = [
      outbound('a', 'mtproto'),
      outbound('b', 'freedom'),
      outbound('c', 'blackhole'),
      outbound('d', 'socks'),
      outbound('e', 'mtproto', { via: 'd' }),
      outbound('f', 'http', { isRouted: false }),
    ];
    const report = makeReport(findings, { inbounds: [], outbounds });
    expect(report.notCheckedThrough).toEqual(['d (socks)', 'e (mtproto)']);
    expect(reportLines(report).at(-1)).toMatch(/elsewhere, by d \(socks\), e \(mtproto\):/);
  });
});
