import type { SnifferContribution } from '@sluice/plugin-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium, type Chromium } from '../peers/chromium.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { sClient } from '../peers/openssl.js';
import { runProcess } from '../peers/process.js';
import { coreSniffer, SilentPort, verdictsOnTheWay } from './first-words.fixture.js';

const name = 'sniff.sluice.example';
const tlsSniffer = coreSniffer('tls');
const httpSniffer = coreSniffer('http');
const dnsSniffer = coreSniffer('dns');

describe('what real clients say first', () => {
  let port: SilentPort;

  beforeAll(async () => {
    port = await SilentPort.open();
  });
  afterAll(() => port.close());

  /** What the sniffer makes of a client's stream, the same at every split of it, and the stream. */
  async function hear(
    sniffer: SnifferContribution,
    client: () => Promise<unknown>,
  ): Promise<{ verdict: unknown; bytes: Buffer }> {
    const stream = port.stream(sniffer);
    const ended = client();
    const { heard, verdict } = await stream;
    await ended;
    const [bytes] = heard as [Buffer];
    expect(verdictsOnTheWay(sniffer, bytes)).toEqual(['more', verdict]);
    return { verdict, bytes };
  }

  describePeers('curl', ['curl'], () => {
    const ask = (...args: string[]): Promise<unknown> => curl(['--max-time', '20', ...args]);

    it.each([
      ['a request', (at: string) => ['--connect-to', `::${at}`, `http://${name}/`]],
      ['a request with a port', (at: string) => ['--connect-to', `::${at}`, `http://${name}:8080/a`]],
      ['a request to a proxy', (at: string) => ['-x', at, `http://${name}/`]],
      ['a tunnel', (at: string) => ['-x', at, `https://${name}/`]],
      ['an upload', (at: string) => ['--connect-to', `::${at}`, '-T', '/etc/hostname', `http://${name}/b`]],
    ])('names the host of %s', async (_what, args) => {
      const { verdict } = await hear(httpSniffer, () => ask(...args(`127.0.0.1:${port.port}`)));
      expect(verdict).toEqual({ protocol: 'http', domain: name });
    });

    it('has no name in a request to an address, nor in HTTP/2', async () => {
      const url = `http://127.0.0.1:${port.port}/`;
      expect((await hear(httpSniffer, () => ask(url))).verdict).toEqual({ protocol: 'http' });
      const http2 = await hear(httpSniffer, () => ask('--http2-prior-knowledge', url));
      expect(http2.verdict).toEqual({ protocol: 'http' });
    });

    it('names the server in its TLS hello', async () => {
      const args = ['--connect-to', `::127.0.0.1:${port.port}`, `https://${name}/`];
      expect((await hear(tlsSniffer, () => ask(...args))).verdict).toEqual({ protocol: 'tls', domain: name });
      expect((await hear(httpSniffer, () => ask(...args))).verdict).toBe('no');
    });
  });

  describePeers('openssl s_client', ['openssl'], () => {
    const connect = (...args: string[]): Promise<unknown> => sClient({ address: `127.0.0.1:${port.port}`, args });

    it.each([['-tls1_3'], ['-tls1_2'], ['-tls1', '-cipher', 'ALL:@SECLEVEL=0']])(
      'names the server: %s',
      async (...args) => {
        const { verdict } = await hear(tlsSniffer, () => connect('-servername', name, ...args));
        expect(verdict).toEqual({ protocol: 'tls', domain: name });
      },
    );

    it('has no name when told so, or told an address', async () => {
      expect((await hear(tlsSniffer, () => connect('-noservername'))).verdict).toEqual({ protocol: 'tls' });
      expect((await hear(tlsSniffer, () => connect('-servername', '192.0.2.1'))).verdict).toEqual({ protocol: 'tls' });
    });

    it('names the server in a hello over several records', async () => {
      const protocols = Array.from({ length: 100 }, (_, i) => `protocol-number-${i}`).join();
      const args = ['-servername', name, '-max_send_frag', '512', '-alpn', protocols];
      const { verdict, bytes } = await hear(tlsSniffer, () => connect(...args));
      expect(verdict).toEqual({ protocol: 'tls', domain: name });
      expect(bytes.length).toBeGreaterThan(1_500);
      expect(bytes.readUInt16BE(3)).toBe(512);
    });
  });

  describePeers('Chromium', ['chromium'], () => {
    let chromium: Chromium;
    beforeAll(async () => {
      chromium = await startChromium({ names: [name] });
    });
    afterAll(() => chromium.close());

    // A port of its own each: Chromium may open more connections than it needs.
    it.each([
      ['https', tlsSniffer, 'tls'],
      ['http', httpSniffer, 'http'],
    ] as const)('names the server: %s', async (scheme, sniffer, protocol) => {
      const site = await SilentPort.open();
      try {
        const page = await chromium.browser.newPage();
        const stream = site.stream(sniffer);
        const ended = page.goto(`${scheme}://${name}:${site.port}/`).catch(() => undefined);
        const { heard, verdict } = await stream;
        await ended;
        expect(verdict).toEqual({ protocol, domain: name });
        expect(verdictsOnTheWay(sniffer, heard[0]!)).toEqual(['more', verdict]);
        // Post-quantum keys: more than fits into one packet of a network.
        if (scheme === 'https') expect(heard[0]!.length).toBeGreaterThan(1_460);
      } finally {
        site.close();
      }
    });
  });

  describePeers('dig', ['dig'], () => {
    const queries: readonly (readonly string[])[] = [
      [name],
      ['-t', 'NS', '.'],
      ['-x', '192.0.2.1', '+noedns'],
      ['+dnssec', '+padding=128', '+subnet=192.0.2.0/24', name, 'AAAA'],
      ['-c', 'CH', 'version.bind', 'TXT'],
      ['-y', 'hmac-sha256:test:c2VjcmV0', name],
      ['+noadflag', '+cdflag', '+norecurse', '_sip._udp.example.', 'SRV'],
    ];
    const dig = (...args: readonly string[]): Promise<unknown> =>
      runProcess('dig', ['@127.0.0.1', '-p', String(port.port), '+tries=1', '+time=1', ...args]);

    it.each(queries.map((query) => [query.join(' '), query] as const))('asks by DNS: %s', async (_text, query) => {
      expect((await hear(dnsSniffer, () => dig('+tcp', ...query))).verdict).toEqual({ protocol: 'dns' });
      const flow = port.flow(dnsSniffer);
      const ended = dig('+notcp', ...query);
      const { heard, verdict } = await flow;
      expect(heard).toHaveLength(1);
      expect(verdict).toEqual({ protocol: 'dns' });
      await ended;
    });

    it('asks for transfers', async () => {
      expect((await hear(dnsSniffer, () => dig('example.', 'AXFR'))).verdict).toEqual({ protocol: 'dns' });
      expect((await hear(dnsSniffer, () => dig('example.', 'IXFR=7'))).verdict).toEqual({ protocol: 'dns' });
    });
  });
});
