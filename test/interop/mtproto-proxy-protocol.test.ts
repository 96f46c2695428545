import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { startHaproxy } from '../peers/haproxy.js';
import { runNginx } from '../peers/nginx.js';
import { freePort } from '../peers/process.js';
import { temporaryFolder } from '../peers/temporary.js';
import { Started, startProgram, type Program } from './program.fixture.js';

/** How HAProxy says whom a connection is from. */
const senders = {
  'version 1': 'send-proxy',
  'version 2': 'send-proxy-v2',
  'version 2 with additions and a checksum': 'send-proxy-v2 proxy-v2-options crc32c,ssl,unique-id',
} as const;
type Sender = keyof typeof senders;

const receivers = ['nginx 1', 'nginx 2', 'haproxy 1', 'haproxy 2'] as const;
type Receiver = (typeof receivers)[number];

const families = ['127.0.0.1', '::1'] as const;

/** curl's answer, and the port that it came from. */
async function visit(url: string, ...args: string[]): Promise<{ readonly body: string; readonly clientPort: string }> {
  const { code, stdout, stderr } = await curl([...args, '-w', '\n%{local_port}', url]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [body = '', clientPort = ''] = stdout.split('\n').filter(Boolean);
  return { body, clientPort };
}

describePeers('the PROXY protocol', ['haproxy', 'nginx', 'curl'], () => {
  const started = new Started();
  /** Ports of HAProxy, by who sends how to whom. */
  const ports = new Map<string, number>();
  const portOf = (sender: Sender, receiver: Receiver): number => ports.get(`${sender} ${receiver}`) ?? 0;
  let program: Program;
  let sitePort: number;
  /** What nginx has seen of health checks. */
  let checksFile: string;

  beforeAll(async () => {
    const folder = await temporaryFolder('checks');
    started.add({ close: () => folder.remove() });
    checksFile = join(folder.path, 'log');
    const [nginxPort, haproxyPort] = [await freePort(), await freePort()];
    sitePort = await freePort();
    const told = '$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port';
    const nginx = `
      log_format told "${told}";
      server {
        listen 127.0.0.1:${nginxPort} proxy_protocol;
        location / { return 200 "${told}\\n"; }
        location = /check { access_log ${checksFile} told; return 200 "well\\n"; }
      }
      server { listen 127.0.0.1:${sitePort}; location / { return 200 "a site\\n"; } }`;
    started.add(await runNginx(nginx, [{ host: '127.0.0.1', port: sitePort }]));

    const fronting = (receiver: Receiver): object => ({
      host: `127.0.0.1:${receiver.startsWith('nginx') ? nginxPort : haproxyPort}`,
      proxyProtocol: Number(receiver.slice(-1)),
    });
    const inbound = (tag: string, settings: object): { tag: string; protocol: string; settings: object } => ({
      tag,
      protocol: 'mtproto',
      settings: { users: [{ secret: '00112233445566778899aabbccddeeff' }], ...settings },
    });
    program = started.add(
      await startProgram({
        inbounds: [
          ...receivers.map((to) => inbound(to, { fronting: fronting(to), proxyProtocol: { from: ['127.0.0.1'] } })),
          inbound('not told', {
            fronting: { host: `127.0.0.1:${sitePort}` },
            proxyProtocol: { from: ['192.0.2.0/24'] },
          }),
        ],
        outbounds: [{ tag: 'direct', protocol: 'freedom' }],
      }),
    );

    const sections: string[] = [
      'frontend receiver',
      '  mode http',
      `  bind 127.0.0.1:${haproxyPort} accept-proxy`,
      '  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]\\n"',
    ];
    for (const sender of Object.keys(senders) as Sender[]) {
      for (const receiver of receivers) {
        const port = await freePort();
        ports.set(`${sender} ${receiver}`, port);
        sections.push(
          `listen to-${ports.size}`,
          '  mode http',
          '  unique-id-format %[uuid()]',
          `  bind 127.0.0.1:${port}`,
          `  bind [::1]:${port}`,
          '  option httpchk GET /check',
          '  http-check expect status 200',
          `  server sluice 127.0.0.1:${program.port(receiver)} ${senders[sender]} check check-send-proxy inter 200ms`,
        );
      }
    }
    const ready = [haproxyPort, ...ports.values()].map((port) => ({ host: '127.0.0.1', port }));
    started.add(await startHaproxy(sections, ready));
  });
  afterAll(() => started.close());

  it.each(
    (Object.keys(senders) as Sender[]).flatMap((sender) =>
      receivers.flatMap((receiver) => families.map((family) => ({ sender, receiver, family }))),
    ),
  )('carries the address of a client of $family from HAProxy ($sender) to $receiver', async (way) => {
    const port = portOf(way.sender, way.receiver);
    const host = way.family === '::1' ? '[::1]' : way.family;
    const { body, clientPort } = await visit(`http://${host}:${port}/`);
    expect(body).toBe(`${way.family} ${clientPort} ${way.family} ${port}`);
  });

  it('takes health checks for what they are: the proxy itself', async () => {
    const lines = async (): Promise<string[]> => (await readFile(checksFile, 'utf8')).split('\n').filter(Boolean);
    // Each of six servers, in both versions, and each several times.
    await expect.poll(async () => (await lines()).length, { timeout: 10_000 }).toBeGreaterThan(20);
    const own = receivers.map((receiver) => `127.0.0.1 ${program.port(receiver)}`);
    for (const line of await lines()) expect(own, line).toContain(line.replace(/^127\.0\.0\.1 \d+ /, ''));
  });

  it("believes curl's header, too", async () => {
    const { body, clientPort } = await visit(`http://127.0.0.1:${program.port('nginx 2')}/`, '--haproxy-protocol');
    expect(body).toBe(`127.0.0.1 ${clientPort} 127.0.0.1 ${program.port('nginx 2')}`);
  });

  it('says nothing to a listed proxy that does not begin with a header', async () => {
    const { code, stdout } = await curl([`http://127.0.0.1:${program.port('nginx 1')}/`]);
    expect([code, stdout]).toEqual([52, '']);
    await expect.poll(() => program.output()).toMatch(/does not begin with a PROXY protocol header/);
  });

  it("leads a stranger's header on as it is, unread", async () => {
    const url = `http://127.0.0.1:${program.port('not told')}/`;
    expect((await visit(url)).body).toBe('a site');
    const answer = await curl(['--haproxy-protocol', '-w', '%{http_code}', '-o', '/dev/null', url]);
    const direct = await curl([
      '--haproxy-protocol',
      '-w',
      '%{http_code}',
      '-o',
      '/dev/null',
      `http://127.0.0.1:${sitePort}/`,
    ]);
    expect(answer.stdout).toBe('400');
    expect({ ...answer, body: '' }).toEqual({ ...direct, body: '' });
  });
});
