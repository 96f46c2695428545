import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from '../peers/certificates.js';
import { describePeers } from '../peers/describe-peers.js';
import { dig } from '../peers/dig.js';
import { startDnsmasq } from '../peers/dnsmasq.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { startUnbound, type Unbound } from '../peers/unbound.js';
import { at, records, startAsked } from './dns.fixture.js';
import { Started } from './program.fixture.js';

describePeers('servers of every kind', ['unbound', 'dig', 'openssl'], () => {
  const started = new Started();
  let folder: TemporaryFolder;
  let authority: TestAuthority;
  let unbound: Unbound;

  beforeAll(async () => {
    folder = await temporaryFolder('dns-certificates');
    authority = await TestAuthority.create(folder.path);
    unbound = await startUnbound({ records, certificate: await authority.issue('dns.example') });
  });
  afterEach(() => started.close());
  afterAll(async () => {
    await unbound.close();
    await folder.remove();
  });

  const kinds: readonly (readonly [scheme: string, address: () => string])[] = [
    ['udp', () => `udp://127.0.0.1:${unbound.port}`],
    ['tcp', () => `tcp://127.0.0.1:${unbound.port}`],
    ['tcp+local', () => `tcp+local://127.0.0.1:${unbound.port}`],
    ['tls', () => `tls://dns.example:${unbound.tlsPort}`],
    ['tls+local', () => `tls+local://dns.example:${unbound.tlsPort}`],
    ['https', () => `https://dns.example:${unbound.httpsPort}/dns-query`],
    ['https+local', () => `https+local://dns.example:${unbound.httpsPort}/dns-query`],
  ];

  it.each(kinds)('%s', async (_, address) => {
    const dns = { servers: [address()], hosts: { 'dns.example': '127.0.0.1' } };
    const env = { NODE_EXTRA_CA_CERTS: authority.certificate };
    // What is not for addresses would go to a port where nobody is.
    const { port } = await startAsked(started, 1, { dns }, env);
    expect(await dig(port, 'a.example', 'A')).toMatchObject({ status: 'NOERROR', data: ['192.0.2.1', '192.0.2.2'] });
    expect(await dig(port, 'a.example', 'AAAA')).toMatchObject({ status: 'NOERROR', data: ['2001:db8::1'] });
    expect(await dig(port, '+tcp', 'four.example')).toMatchObject({ data: ['192.0.2.4'], isByTcp: true });
    expect(await dig(port, 'A.eXample')).toMatchObject({ data: ['192.0.2.1', '192.0.2.2'] });
    expect(await dig(port, 'six.example', 'A')).toMatchObject({ status: 'NOERROR', data: [] });
    expect(await dig(port, 'nothing.example')).toMatchObject({ status: 'NXDOMAIN', data: [] });
    // More than fits into a packet of UDP.
    expect((await dig(port, '+bufsize=4096', 'many.example')).data).toHaveLength(60);
    const together = await Promise.all(
      Array.from({ length: 20 }, (_, i) => dig(port, i % 2 === 0 ? '+tcp' : '+notcp', `four.example`)),
    );
    for (const { data } of together) expect(data).toEqual(['192.0.2.4']);
  });

  it.each(['tls', 'https'])('%s: a server whose certificate nobody vouches for is not believed', async (scheme) => {
    const server = scheme === 'tls' ? unbound.tlsPort : unbound.httpsPort;
    const dns = { servers: [`${scheme}://dns.example:${server}/dns-query`], hosts: { 'dns.example': '127.0.0.1' } };
    const before = unbound.asked().length;
    const { port } = await startAsked(started, 1, { dns });
    expect(await dig(port, 'a.example')).toMatchObject({ status: 'SERVFAIL', data: [] });
    expect(unbound.asked()).toHaveLength(before);
  });

  it.each(['udp', 'tcp', 'tls', 'https'])(
    '%s: a server that was gone is asked again when it is back',
    async (scheme) => {
      const options = { records, certificate: await authority.issue('dns.example') };
      let server = await startUnbound(options);
      const own = { udp: server.port, tcp: server.port, tls: server.tlsPort, https: server.httpsPort }[scheme];
      const address = `${scheme}://dns.example:${own}/dns-query`;
      const dns = { servers: [address], hosts: { 'dns.example': '127.0.0.1' }, disableCache: true };
      const { port } = await startAsked(started, 1, { dns }, { NODE_EXTRA_CA_CERTS: authority.certificate });
      try {
        expect((await dig(port, 'four.example')).data).toEqual(['192.0.2.4']);
        await server.close();
        expect((await dig(port, 'four.example')).status).toBe('SERVFAIL');
        server = await startUnbound({
          ...options,
          port: server.port,
          tlsPort: server.tlsPort,
          httpsPort: server.httpsPort,
        });
        expect((await dig(port, 'four.example')).data).toEqual(['192.0.2.4']);
      } finally {
        await server.close();
      }
    },
  );
});

describePeers('dnsmasq as the server', ['dnsmasq', 'dig'], () => {
  const started = new Started();
  afterEach(() => started.close());

  it('is asked, by UDP and TCP', async () => {
    const dnsmasq = started.add(
      await startDnsmasq(['--host-record=a.example,192.0.2.1,2001:db8::1', '--txt-record=a.example,some words']),
    );
    for (const server of [at(dnsmasq.port), `tcp://127.0.0.1:${dnsmasq.port}`]) {
      const { port, program } = await startAsked(started, dnsmasq.port, { dns: { servers: [server] } });
      expect((await dig(port, 'a.example', 'A')).data).toEqual(['192.0.2.1']);
      expect((await dig(port, 'a.example', 'AAAA')).data).toEqual(['2001:db8::1']);
      expect((await dig(port, 'a.example', 'TXT')).data).toEqual(['"some words"']);
      expect((await dig(port, 'nothing.example')).status).toBe('NXDOMAIN');
      await program.close();
    }
  });
});
