import { readFileSync } from 'node:fs';
import { checkedEntry, schemaFileOf, type ProblemReporter } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { checkInbound, checkOutbound } from './check.js';
import plugin from './index.js';
import { networksOf } from './networks.js';
import { inboundSettings, outboundSettings, type InboundSettings, type OutboundSettings } from './schema.js';

const common = { method: 'aes-256-gcm', password: 'p' } as const;

function problems(check: (reporter: ProblemReporter) => void): string[] {
  const found: string[] = [];
  check({
    error: (path, message) => void found.push(`error ${path.join('.')} ${message}`),
    warning: (path, message) => void found.push(`warning ${path.join('.')} ${message}`),
  });
  return found;
}
const ofInbound = (settings: InboundSettings): string[] => problems((reporter) => checkInbound(settings, reporter));
const ofOutbound = (settings: OutboundSettings): string[] => problems((reporter) => checkOutbound(settings, reporter));

describe('the settings', () => {
  it('are those of V2Ray', () => {
    const inbound = { ...common, network: 'tcp,udp', email: 'ann@example.org', level: 1, ota: false };
    expect(checkedEntry(inboundSettings, inbound)).toBe(inbound);
    expect(ofInbound(inbound)).toEqual([]);
    const outbound = { servers: [{ address: '192.0.2.1', port: 8388, ...common, email: 'ann', level: 0 }] };
    expect(checkedEntry(outboundSettings, outbound)).toBe(outbound);
    expect(ofOutbound(outbound)).toEqual([]);
  });

  it('name networks as V2Ray does', () => {
    expect(networksOf({})).toEqual(['tcp']);
    expect(networksOf({ network: 'UDP, tcp' })).toEqual(['tcp', 'udp']);
    expect(networksOf({ network: ['udp'] })).toEqual(['udp']);
    expect(networksOf({ udp: true })).toEqual(['tcp', 'udp']);
    expect(networksOf({ udp: true, network: 'udp' })).toEqual(['udp']);
  });

  it('are told where they are wrong', () => {
    expect(() => checkedEntry(inboundSettings, { ...common, method: 'aes-256-cfb' })).toThrow(/method: must be one of/);
    expect(() => checkedEntry(inboundSettings, { ...common, password: '' })).toThrow(/password/);
    expect(ofInbound({ ...common, network: 'tcp,kcp', ota: true })).toEqual([
      'error network "kcp" is neither "tcp" nor "udp".',
      expect.stringMatching(/^warning ota /),
    ]);
    const servers = [{ address: '/run/x', port: 1, ...common }];
    expect(ofOutbound({ servers })).toEqual([expect.stringMatching(/^error servers\.0\.address /)]);
  });
});

describe('the package', () => {
  const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

  it('has the schema file of what it contributes: run `npm run schema` after a change', () => {
    expect(JSON.parse(read('schema.json'))).toEqual(schemaFileOf(plugin));
  });

  it('says in its manifest what it is', () => {
    const manifest = JSON.parse(read('package.json')) as { version: string; sluice: object };
    expect(manifest.version).toBe(plugin.version);
    expect(manifest.sluice).toMatchObject({
      api: String(plugin.apiVersion),
      contributes: { inbounds: Object.keys(plugin.inbounds ?? {}), outbounds: Object.keys(plugin.outbounds ?? {}) },
    });
  });
});
