import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { geoipFile } from '../interop/geo-file.js';
import { sluice } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';

const config = `{
  "inbounds": [{ "tag": "in", "listen": "127.0.0.1", "port": 1080, "protocol": "socks" }],
  "outbounds": [
    { "tag": "direct", "protocol": "freedom" },
    { "tag": "way-a", "protocol": "freedom" },
    { "tag": "way-b", "protocol": "freedom" },
    { "tag": "block", "protocol": "blackhole" }
  ],
  "routing": {
    "domainStrategy": "IPIfNonMatch",
    "balancers": [{ "tag": "ways", "selector": ["way-"] }],
    "rules": [
      { "type": "field", "outboundTag": "block", "protocol": ["bittorrent"] },
      { "type": "field", "outboundTag": "block", "domain": ["domain:ads.example"], "port": "443" },
      { "type": "field", "outboundTag": "way-a", "user": ["a@example.org"], "sourcePort": "7" },
      { "type": "field", "outboundTag": "direct", "ip": ["127.0.0.0/8"] },
      { "type": "field", "ruleTag": "pages", "balancerTag": "ways", "attrs": "attrs[':path'].startswith('/x')" }
    ]
  }
}`;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function file(): Promise<string> {
  const folder = await temporaryFolder('explain');
  cleanups.push(() => folder.remove());
  const path = join(folder.path, 'config.json');
  await writeFile(path, config);
  return path;
}

describe('sluice explain', () => {
  it('says of each rule where it stands, which of its conditions hold, and where the connection goes', async () => {
    const path = await file();
    const { code, stdout } = await sluice(['explain', '-c', path, '--target', 'tcp:www.ads.example:443']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'tcp:www.ads.example:443 from 127.0.0.1:0 through inbound "in"',
      `rule 0 (${path}:13) does not match`,
      '  no   protocol: none; wanted bittorrent',
      `rule 1 (${path}:14) matches`,
      '  yes  port: 443; wanted 443',
      '  yes  domain: www.ads.example; wanted domain:ads.example',
      '=> outbound "block", blackhole (by rule 1)',
      '',
    ]);
  });

  it.each([
    [['--target', 'tcp:a.example:80', '--protocol', 'bittorrent'], 'outbound "block", blackhole (by rule 0)'],
    [
      ['--target', 'tcp:a.example:80', '--user', 'a@example.org', '--source', '[::1]:7'],
      '"way-a", freedom (by rule 2)',
    ],
    [['--target', 'udp:127.0.0.1:53'], 'outbound "direct", freedom (by rule 3)'],
    [
      ['--target', 'tcp:a.example:80', '--attr', ':method=GET', '--attr', ':path=/x'],
      'balancer "ways", random among way-a, way-b (by rule 4)',
    ],
    [['--target', 'tcp:localhost:80', '--resolve'], 'outbound "direct", freedom (by rule 3)'],
    [['--target', 'tcp:localhost:80'], 'outbound "direct", freedom (no rule matches: the default)'],
  ])('%j: %s', async (args, end) => {
    const { code, stdout } = await sluice(['explain', '-c', await file(), ...args]);
    expect(code).toBe(0);
    expect(stdout.trimEnd()).toMatch(new RegExp(`\\n=> .*${end.replace(/[()[\]]/g, '\\$&')}$`));
    expect(stdout.includes('localhost is not resolved')).toBe(args.includes('tcp:localhost:80') && args.length === 2);
  });

  it.each([
    ['10.1.2.3', '"home"', 1],
    ['192.0.2.1', '"abroad"', 0],
    ['2001:db8::1', '"abroad"', 0],
    ['a.example', '"direct"', undefined],
  ])('reads geo files beside the configuration, and inverse countries in them: %s', async (host, tag, rule) => {
    const path = await file();
    await writeFile(join(path, '..', 'geoip.dat'), geoipFile({ CN: ['10.0.0.0/8'] }));
    const outbounds = ['direct', 'home', 'abroad'].map((each) => ({ tag: each, protocol: 'freedom' }));
    const rules = [
      { type: 'field', outboundTag: 'abroad', ip: ['geoip:!cn'] },
      { type: 'field', outboundTag: 'home', ip: ['geoip:CN'] },
    ];
    await writeFile(path, JSON.stringify({ outbounds, routing: { rules } }));
    const address = host.includes(':') ? `[${host}]` : host;
    const { stdout } = await sluice(['explain', '-c', path, '--target', `tcp:${address}:80`]);
    expect(stdout).toContain(`=> outbound ${tag}, freedom (${rule === undefined ? 'no rule' : `by rule ${rule}`}`);
  });

  it('prints the same as JSON', async () => {
    const { code, stdout } = await sluice(['explain', '--json', '-c', await file(), '--target', 'tcp:127.0.0.1:80']);
    expect(code).toBe(0);
    const { steps, outbound, ruleIndex } = JSON.parse(stdout) as Record<string, unknown>;
    expect({ outbound, ruleIndex }).toEqual({ outbound: { tag: 'direct', protocol: 'freedom' }, ruleIndex: 3 });
    expect(steps).toHaveLength(4);
    expect((steps as unknown[])[3]).toEqual({
      kind: 'rule',
      ruleIndex: 3,
      matches: true,
      conditions: [{ field: 'ip', holds: true, note: '127.0.0.1; wanted 127.0.0.0/8' }],
    });
  });

  it.each([
    [['--target', 'a.example:80'], 'tcp:host:port'],
    [['--target', 'tcp:a.example'], 'no port'],
    [['--target', 'tcp:a.example:80', '--source', 'a.example:1'], 'IP:port'],
    [['--target', 'tcp:a.example:80', '--attr', 'x'], 'name=value'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await sluice(['explain', '-c', await file(), ...args]);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});
