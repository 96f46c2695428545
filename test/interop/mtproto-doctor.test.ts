import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFakeDc, type FakeDc } from '@sluice/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from '../peers/certificates.js';
import { findBinary } from '../peers/debian.js';
import { describePeers } from '../peers/describe-peers.js';
import { startTlsNginx, type TlsNginx } from '../peers/nginx-tls.js';
import { freePort, runProcess } from '../peers/process.js';
import { startSluice } from '../peers/sluice.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));
const key = 'b0cbcef5a486d9636472ac27f8e11a9d';
// The one name that leads to this machine everywhere.
const name = 'localhost';
const secret = `ee${key}${Buffer.from(name).toString('hex')}`;
const hasNamespaces = findBinary('unshare') !== undefined && (await runProcess('unshare', ['-n', 'true'])).code === 0;

interface Finding {
  readonly subject: string;
  readonly about?: string;
  readonly status: string;
  readonly seen: string;
}

interface Diagnosis {
  readonly code: number | null;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

describePeers('sluice mtproto doctor', ['nginx', 'openssl'], () => {
  let folder: TemporaryFolder;
  let authority: TestAuthority;
  let nginx: TlsNginx;
  let telegram: FakeDc;

  beforeAll(async () => {
    folder = await temporaryFolder('doctor');
    authority = await TestAuthority.create(folder.path);
    nginx = await startTlsNginx({ sites: [{ name, certificate: await authority.issue(name) }] });
    telegram = await startFakeDc();
  });
  afterAll(async () => {
    await telegram.close();
    await nginx.close();
    await folder.remove();
  });

  const configuration = (settings: object, port: number): object => ({
    log: { loglevel: 'none', access: 'none' },
    inbounds: [
      {
        tag: 'tg',
        listen: '127.0.0.1',
        port,
        protocol: 'mtproto',
        settings: {
          users: [{ secret, maxConnections: 100 }],
          dataCenters: Object.fromEntries([1, 2, 3, 4, 5, 203].map((id) => [id, [telegram.address]])),
          ...settings,
        },
      },
    ],
    outbounds: [{ protocol: 'mtproto' }],
  });

  async function diagnose(settings: object, port: number, options: { alone?: boolean } = {}): Promise<Diagnosis> {
    const file = join(folder.path, 'config.json');
    await writeFile(file, JSON.stringify(configuration(settings, port)));
    const command = [process.execPath, program, 'mtproto', 'doctor', '-c', file, '--json', '--timeout', '20'];
    const [binary = '', ...args] = options.alone === true ? ['unshare', '-n', ...command] : command;
    const { code, stdout, stderr } = await runProcess(binary, args, {
      env: { NODE_EXTRA_CA_CERTS: authority.certificate },
      timeout: 50_000,
    });
    expect(stderr).toBe('');
    expect(stdout).not.toContain(key);
    return { code, ...(JSON.parse(stdout) as Omit<Diagnosis, 'code'>) };
  }

  const of = ({ findings }: Diagnosis, subject: string): readonly Finding[] =>
    findings.filter((finding) => finding.subject === subject);

  it.each([
    ['a port', () => ({ host: `localhost:${nginx.port}` })],
    ['a Unix socket', () => ({ host: nginx.unixPath })],
    ['a host for one name', () => ({ byServerName: { [name]: `127.0.0.1:${nginx.secondPort}` } })],
    [
      'a port that expects the PROXY protocol 1',
      () => ({ host: `127.0.0.1:${nginx.proxyProtocolPort}`, proxyProtocol: 1 }),
    ],
    [
      'a port that expects the PROXY protocol 2',
      () => ({ host: `127.0.0.1:${nginx.proxyProtocolPort}`, proxyProtocol: 2 }),
    ],
  ])('finds a real nginx well behind %s, and its certificate short-lived', async (_, fronting) => {
    const diagnosis = await diagnose({ fronting: fronting() }, await freePort());
    expect([diagnosis.code, diagnosis.ok]).toEqual([0, true]);
    expect(of(diagnosis, 'fronted hosts')).toMatchObject([
      { status: 'warning', seen: expect.stringMatching(/certificate ends in 2 days/) as string },
    ]);
    expect(of(diagnosis, 'clock')).toMatchObject([
      { status: 'ok', seen: expect.stringMatching(/^right, by .*localhost/) as string },
    ]);
    expect(of(diagnosis, 'names')).toMatchObject([
      { about: name, status: 'ok', seen: expect.stringMatching(/this machine/) as string },
    ]);
  });

  it('finds a PROXY protocol that nginx does not expect', async () => {
    const fronting = { host: `127.0.0.1:${nginx.port}`, proxyProtocol: 1 };
    const diagnosis = await diagnose({ fronting }, await freePort());
    expect(diagnosis.code).toBe(1);
    expect(of(diagnosis, 'fronted hosts')).toMatchObject([{ status: 'problem' }]);
  });

  it('finds a certificate that is for another name', async () => {
    const users = [{ secret: `ee${key}${Buffer.from('other.localhost').toString('hex')}`, maxConnections: 1 }];
    const diagnosis = await diagnose({ users, fronting: { host: `127.0.0.1:${nginx.port}` } }, await freePort());
    expect(diagnosis.code).toBe(1);
    expect(of(diagnosis, 'fronted hosts')).toContainEqual(
      expect.objectContaining({ status: 'problem', seen: expect.stringMatching(/for other names/) as string }),
    );
  });

  it('may look while the proxy runs', async () => {
    const port = await freePort();
    const settings = { fronting: { host: `127.0.0.1:${nginx.port}` } };
    const peer = await startSluice(configuration(settings, port), [port]);
    try {
      const diagnosis = await diagnose(settings, port);
      expect(diagnosis.ok).toBe(true);
      expect(of(diagnosis, 'listening')).toMatchObject([{ seen: expect.stringMatching(/in use/) as string }]);
    } finally {
      await peer.close();
    }
  });

  it('finds a host that is the proxy itself', async () => {
    const port = await freePort();
    const diagnosis = await diagnose({ fronting: { host: `localhost:${port}` } }, port);
    expect(diagnosis.code).toBe(1);
    expect(of(diagnosis, 'fronted hosts')).toMatchObject([{ seen: expect.stringMatching(/circle/) as string }]);
  });

  it.runIf(hasNamespaces)('finds a machine without a network, and ends', async () => {
    const settings = {
      dataCenters: {},
      adTag: '00112233445566778899aabbccddeeff',
      fronting: { host: '192.0.2.1:443' },
    };
    const diagnosis = await diagnose(settings, await freePort(), { alone: true });
    expect(diagnosis.code).toBe(1);
    const noRoute = { status: 'problem', seen: 'cannot be reached: this machine has no route there' };
    expect(of(diagnosis, 'data centres')).toHaveLength(16);
    for (const finding of of(diagnosis, 'data centres')) expect(finding).toMatchObject(noRoute);
    expect(of(diagnosis, 'fronted hosts')).toMatchObject([noRoute]);
    expect(of(diagnosis, 'middle proxies')).toHaveLength(3);
    for (const { status, seen } of of(diagnosis, 'middle proxies')) {
      expect([status, seen]).toEqual(['problem', expect.stringMatching(/name/)]);
    }
    expect(of(diagnosis, 'clock')).toMatchObject([
      { status: 'warning', seen: expect.stringMatching(/could not be compared/) as string },
    ]);
  });
});
