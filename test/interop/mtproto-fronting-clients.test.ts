import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium, visit } from '../peers/chromium.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { sClient } from '../peers/openssl.js';
import { secondName, siteName, startFronted, type Fronted } from './mtproto-fronting.fixture.js';
import { MIB, sha256 } from './program.fixture.js';

describePeers('the site behind the proxy', ['nginx', 'openssl', 'curl', 'chromium'], () => {
  let fronted: Fronted;

  beforeAll(async () => {
    fronted = await startFronted({
      patience: 20,
      inbounds: ({ unixPath, host, port, secondPort, proxyProtocolPort }, key) => ({
        tls: {},
        all: { users: [{ secret: key.toString('hex') }], tls: { serverNames: [siteName] } },
        unix: { fronting: { host: unixPath } },
        'by name': {
          fronting: {
            host: `${host}:${secondPort}`,
            byServerName: { [siteName]: unixPath, [secondName]: `${host}:${port}` },
          },
        },
        'proxy 1': { fronting: { host: `${host}:${proxyProtocolPort}`, proxyProtocol: 1 } },
        'proxy 2': { fronting: { host: `${host}:${proxyProtocolPort}`, proxyProtocol: 2 } },
      }),
    });
  });

  afterAll(() => fronted.close());

  /** curl with the site's name and authority, to this port. */
  const site = (port: number, args: readonly string[], name = siteName) =>
    curl(['--cacert', fronted.authority.certificate, '--connect-to', `${name}::127.0.0.1:${port}`, ...args]);

  describe.each(['tls', 'all', 'unix'])('on the inbound "%s"', (tag) => {
    it.each([
      ['TLS 1.3', ['-tls1_3', '-servername', siteName]],
      ['TLS 1.2', ['-tls1_2', '-servername', siteName]],
      ['TLS 1.3, the second site', ['-tls1_3', '-servername', secondName]],
      ['TLS 1.2, the second site', ['-tls1_2', '-servername', secondName]],
      ['TLS 1.3, an unknown name', ['-tls1_3', '-servername', 'other.example']],
      ['TLS 1.2, an unknown name', ['-tls1_2', '-servername', 'other.example']],
      ['TLS 1.3, no name', ['-tls1_3', '-noservername']],
      ['TLS 1.2, no name', ['-tls1_2', '-noservername']],
      ['h2', ['-alpn', 'h2', '-servername', siteName]],
      ['HTTP/1.1', ['-alpn', 'http/1.1', '-servername', siteName]],
      ['an unknown protocol', ['-alpn', 'spdy/1', '-servername', siteName]],
      ['sessions taken up again', ['-tls1_2', '-reconnect', '-servername', siteName]],
      ['status', ['-status', '-servername', siteName]],
      ['one group alone', ['-groups', 'P-384', '-servername', siteName]],
      ['a version that is too old', ['-tls1_1', '-servername', siteName, '-cipher', 'ALL:@SECLEVEL=0']],
    ])('is the same to openssl: %s', async (_what, args) => {
      const { nginx, program, authority } = fronted;
      const input = `GET / HTTP/1.0\r\nHost: ${siteName}\r\n\r\n`;
      const ask = (port: number): Promise<string> =>
        sClient({
          address: `127.0.0.1:${port}`,
          input,
          args: [...args, '-CAfile', authority.certificate, '-verify_hostname', siteName],
        });
      const [direct, through] = await Promise.all([ask(nginx.port), ask(program.port(tag))]);
      expect(direct).toContain('SSL handshake has read');
      expect(through).toBe(direct);
    });

    it.each([
      ['HTTP/1.1 and the authority', ['--http1.1'], '1.1'],
      ['h2 and the authority', ['--http2'], '2'],
      ['TLS 1.2', ['--tls-max', '1.2'], '2'],
    ])('shows itself to curl by %s', async (_how, args, version) => {
      const { code, stdout, stderr } = await site(fronted.program.port(tag), [
        ...args,
        ...['--fail', '-w', '\\n%{http_version} %{ssl_verify_result}', `https://${siteName}/`],
      ]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`<title>${siteName}</title>`);
      expect(stdout).toMatch(new RegExp(`\\n${version} 0$`));
    });

    it('shows itself to curl that takes any certificate and asks for an address', async () => {
      const { code, stdout } = await curl(['-k', '--fail', `https://127.0.0.1:${fronted.program.port(tag)}/`]);
      expect(code).toBe(0);
      expect(stdout).toContain(`<title>${siteName}</title>`);
    });

    it.each(['--http1.1', '--http2'])('takes and gives 10 MiB unchanged by %s', async (http) => {
      const folder = fronted.nginx.folderOf(siteName);
      const [up, down] = [randomBytes(10 * MIB), randomBytes(10 * MIB)];
      const port = fronted.program.port(tag);
      await writeFile(join(folder, 'down'), down);
      const got = await site(port, [http, '--fail', `https://${siteName}/files/down`]);
      expect([got.code, sha256(got.body)]).toEqual([0, sha256(down)]);
      const file = join(folder, '..', 'to-send');
      await writeFile(file, up);
      const put = await site(port, [http, '--fail', '-T', file, `https://${siteName}/files/up`]);
      expect([put.code, put.stderr]).toEqual([0, '']);
      expect(sha256(await readFile(join(folder, 'up')))).toBe(sha256(up));
    });

    it.each(['--http1.1', '--http2'])('keeps a connection for several requests by %s', async (http) => {
      const url = `https://${siteName}/conn`;
      const { stdout } = await site(fronted.program.port(tag), [http, url, url, url]);
      const seen = [...stdout.matchAll(/^(\d+) (\d+)$/gm)];
      expect(seen.map(([, , request]) => request)).toEqual(['1', '2', '3']);
      expect(new Set(seen.map(([, connection]) => connection)).size).toBe(1);
    });

    it('shows page and certificate to Chromium', async () => {
      const { certificates, program } = fronted;
      const port = program.port(tag);
      const chromium = await startChromium({
        names: [siteName, secondName],
        trusted: Object.values(certificates).map(({ spki }) => spki),
      });
      try {
        const page = await chromium.browser.newPage();
        for (const name of [siteName, secondName]) {
          const response = await visit(page, `https://${name}:${port}/`);
          expect(await page.title()).toBe(name);
          const certificate = await response?.securityDetails();
          expect(certificate).toMatchObject({ subjectName: name, issuer: 'Test authority', protocol: 'TLS 1.3' });
        }
      } finally {
        await chromium.close();
      }
    });
  });

  it('is chosen by the name that is asked for', async () => {
    const { nginx, program } = fronted;
    const listener = async (name: string): Promise<string> => {
      const { stdout } = await site(program.port('by name'), ['-k', `https://${name}/listener`], name);
      return stdout.trim();
    };
    expect(await listener(siteName)).toBe(`unix:${nginx.unixPath}:`);
    expect(await listener(secondName)).toBe(`${nginx.host}:${nginx.port}`);
    expect(await listener('other.example')).toBe(`${nginx.host}:${nginx.secondPort}`);
  });

  it.each([1, 2])('learns the client by the PROXY protocol version %i', async (version) => {
    const port = fronted.program.port(`proxy ${version}`);
    const { code, stdout } = await site(port, ['-w', '%{local_ip} %{local_port}', `https://${siteName}/client`]);
    expect(code).toBe(0);
    const [seen, true_] = stdout.trim().split('\n');
    expect(seen).toMatch(/^127\.0\.0\.1 \d+$/);
    expect(seen).toBe(true_);
  });

  it('answers about as fast as without the proxy', async () => {
    const { nginx, program } = fronted;
    const figures: Record<string, number[]> = { nginx: [], through: [] };
    for (let i = 0; i < 40; i += 1) {
      figures['nginx']?.push(await timeToSecure(nginx.port));
      figures['through']?.push(await timeToSecure(program.port('tls')));
    }
    const [direct, through] = Object.values(figures).map((times) => times.sort((a, b) => a - b)[20] ?? 0);
    expect(direct).toBeGreaterThan(0);
    process.stdout.write(
      `TLS handshake with nginx, median of 40: ${direct?.toFixed(2)} ms, through the proxy ${through?.toFixed(2)} ms\n`,
    );
  });
});

/** In milliseconds, from the first packet to the end of the TLS handshake. */
async function timeToSecure(port: number): Promise<number> {
  const start = performance.now();
  const socket = tls.connect({ host: '127.0.0.1', port, servername: siteName, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const took = performance.now() - start;
  socket.destroy();
  return took;
}
