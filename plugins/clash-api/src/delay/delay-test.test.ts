import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dispatcher } from '@sluice/plugin-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeDispatcher } from '../instance.fixture.js';
import { testDelay } from './delay-test.js';

let folder: string;
let server: https.Server;
const heard: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-delay-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    heard.push(`${request.method} ${request.headers.host}`);
    response.writeHead(500).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const port = (): number => (server.address() as AddressInfo).port;

function run(url: string, ca?: string): { dispatcher: FakeDispatcher; delay: Promise<number> } {
  const dispatcher = new FakeDispatcher();
  const test = { outboundTag: 'x', url: new URL(url), timeoutMs: 3000, ca };
  return { dispatcher, delay: testDelay(dispatcher as unknown as Dispatcher, test) };
}

test('speaks TLS with the name of the URL, and any answer will do', async () => {
  const { dispatcher, delay } = run(`https://localhost:${port()}/`, readFileSync(join(folder, 'cert.pem'), 'utf8'));
  expect(await delay).toBeGreaterThan(0);
  expect(heard).toEqual([`HEAD localhost:${port()}`]);
  await expect.poll(() => dispatcher.plane.state().conns).toBe(0);
});

test('does not take a certificate that anybody could have made', async () => {
  const { dispatcher, delay } = run(`https://localhost:${port()}/`);
  await expect(delay).rejects.toMatchObject({ code: 'E_DIAL_FAILED' });
  await expect.poll(() => dispatcher.plane.state().conns).toBe(0);
});

test('ends with a peer that says nothing, nonsense, or goodbye', async () => {
  const answers = ['', 'SSH-2.0-x\r\n', undefined];
  const peer = net.createServer((socket) => {
    const answer = answers.shift();
    socket.on('error', () => undefined);
    if (answer === undefined) socket.destroy();
    else socket.write(answer);
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const dispatcher = new FakeDispatcher();
  const url = new URL(`http://127.0.0.1:${(peer.address() as AddressInfo).port}/`);
  const ask = (timeoutMs: number): Promise<number> =>
    testDelay(dispatcher as unknown as Dispatcher, { outboundTag: 'x', url, timeoutMs });
  await expect(ask(50)).rejects.toMatchObject({ code: 'E_DIAL_TIMEOUT' });
  await expect(ask(3000)).rejects.toMatchObject({ code: 'E_DIAL_FAILED' });
  await expect(ask(3000)).rejects.toHaveProperty('code');
  await expect.poll(() => dispatcher.plane.state().conns).toBe(0);
  peer.close();
});
