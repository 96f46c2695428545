import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { dial, serve, Started } from '../interop/program.fixture.js';
import {
  expectTransfer,
  transferTarget,
  udpEcho,
  type Target,
  type TransferTarget,
} from '../interop/socks-transfer.js';
import { expectEchoes, UdpClient } from '../interop/udp-client.fixture.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { startLanguageServer } from '../peers/language-server.js';
import { freePort, runProcess, startProcess, type PeerProcess, type RunResult } from '../peers/process.js';
import { startSsLocal, startSsServer, startSsTunnel, type ShadowsocksSecret } from '../peers/shadowsocks.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { startV2ray } from '../peers/v2ray.js';
import { install, makeWorkshop, npm, packExample, packOwn } from './packed.fixture.js';

const PLUGIN = 'sluice-plugin-shadowsocks';
const GUIDE_PLUGIN = 'sluice-plugin-whisper';
const PASSWORD = 'correct-horse';
const methods = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-ietf-poly1305'];

let folder: TemporaryFolder;
/** Where plugins are written. */
let authors = '';
/** Where they are used. */
let project = '';
let program = '';
const started = new Started();

/** A user's empty project with a packed sluice, and plugins that were built and packed against the packed plugin API. */
async function installAll(): Promise<void> {
  folder = await temporaryFolder('third-party');
  project = join(folder.path, 'user');
  authors = join(folder.path, 'authors');
  program = join(project, 'node_modules/.bin/sluice');
  const packed = join(folder.path, 'packed');
  await mkdir(packed);
  const packages = await packOwn(['sluice', '@sluice/plugin-api', '@sluice/net', '@sluice/testing'], packed);
  await install(project, [...packages.values()]);
  await makeWorkshop(authors, project);
  await install(
    project,
    await Promise.all([PLUGIN, GUIDE_PLUGIN].map((name) => packExample(name, join(authors, name)))),
  );
}

/** The installed command, in the project. */
const run = (...args: string[]): Promise<RunResult> => runProcess(program, args, { cwd: project, timeout: 20_000 });

async function write(name: string, content: unknown): Promise<string> {
  await writeFile(join(project, name), JSON.stringify(content));
  return name;
}

interface Config {
  readonly inbounds: readonly { readonly port: number; readonly [key: string]: unknown }[];
  readonly [key: string]: unknown;
}

async function start(config: Config): Promise<PeerProcess> {
  const file = await write('config.json', { plugins: [PLUGIN], ...config });
  const ready = config.inbounds.map(({ port }) => ({ host: '127.0.0.1', port }));
  const peer = await startProcess(program, ['run', '-c', file], { cwd: project, ready });
  return started.add(peer);
}

interface Ports {
  /** Of our Shadowsocks server. */
  readonly server: number;
  /** Lead to the target through somebody else's server, and through our own. */
  readonly toTheirs: number;
  readonly toOurs: number;
}

async function startBoth(
  secret: ShadowsocksSecret,
  target: number,
  theirs: number,
  handshakeSeconds = 2,
): Promise<PeerProcess & Ports> {
  const [server, toTheirs, toOurs] = [await freePort(), await freePort(), await freePort()] as const;
  const listen = '127.0.0.1';
  const door = { listen, protocol: 'dokodemo-door', settings: { address: listen, port: target, network: 'tcp,udp' } };
  const through = (tag: string, port: number): object => ({
    tag,
    protocol: 'shadowsocks',
    settings: { servers: [{ address: listen, port, ...secret }] },
  });
  const settings = { ...secret, network: 'tcp,udp', email: 'ann@example.org' };
  const peer = await start({
    log: { loglevel: 'info' },
    policy: { levels: { '0': { handshake: handshakeSeconds } } },
    inbounds: [
      { tag: 'server', listen, port: server, protocol: 'shadowsocks', settings },
      { ...door, tag: 'to-theirs', port: toTheirs },
      { ...door, tag: 'to-ours', port: toOurs },
    ],
    outbounds: [{ tag: 'direct', protocol: 'freedom' }, through('theirs', theirs), through('ours', server)],
    routing: {
      rules: [
        { type: 'field', inboundTag: ['to-theirs'], outboundTag: 'theirs' },
        { type: 'field', inboundTag: ['to-ours'], outboundTag: 'ours' },
      ],
    },
  });
  return { ...peer, server, toTheirs, toOurs };
}

const transferred = async (port: number, target: TransferTarget, halfClose: boolean): Promise<void> =>
  expectTransfer((await dial(port)).socket, target, halfClose);

async function echoesFrom(port: number, target: Target): Promise<void> {
  const client = await UdpClient.open(port);
  // Whoever answers is the port that leads to the target, not the target.
  await expectEchoes(client, [{ port }], [1, 100, 1300], 3);
  await client.close();
  expect(target.port).not.toBe(port);
}

/** Somebody who sends something and waits. */
async function caller(
  port: number,
  bytes: Uint8Array,
): Promise<{ readonly end: () => Promise<Buffer>; isOver: boolean }> {
  const { socket, closed } = await dial(port);
  const got: Buffer[] = [];
  const self = {
    isOver: false,
    async end() {
      socket.end();
      await closed;
      return Buffer.concat(got);
    },
  };
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  socket.on('end', () => (self.isOver = true));
  socket.write(bytes);
  return self;
}

async function answerTo(port: number, bytes: Uint8Array): Promise<Buffer> {
  const { socket, closed } = await dial(port);
  const got: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => got.push(chunk));
  socket.on('end', () => socket.end());
  socket.write(bytes);
  await closed;
  return Buffer.concat(got);
}

describePeers(
  'a plugin from elsewhere, installed beside sluice',
  ['ss-server', 'ss-local', 'ss-tunnel', 'curl', 'v2ray'],
  () => {
    beforeAll(installAll, 120_000);
    afterEach(() => started.close());
    afterAll(() => folder.remove());

    it('brings no tests with what it needs, and nothing that the command has in itself', async () => {
      const { packages } = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, unknown>;
      };
      expect(Object.keys(packages).sort()).toEqual([
        '',
        'node_modules/@sinclair/typebox',
        'node_modules/@sluice/net',
        'node_modules/@sluice/plugin-api',
        'node_modules/@sluice/testing',
        'node_modules/ipaddr.js',
        'node_modules/sluice',
        'node_modules/sluice-plugin-shadowsocks',
        'node_modules/sluice-plugin-whisper',
      ]);
    });

    it('passes its own tests with the packed test kit', async () => {
      expect(await npm(join(authors, GUIDE_PLUGIN), ['test'])).toMatch(/Tests.* passed/);
    }, 60_000);

    it('is listed, checked with its own rules, and in the schema without being run', async () => {
      const servers = [{ address: '127.0.0.1', port: 1, method: 'aes-256-cfb', password: PASSWORD }];
      const outbounds = [{ protocol: 'shadowsocks', settings: { servers } }];
      const file = await write('bad.json', { plugins: [PLUGIN], outbounds });
      const listed = await run('plugins', '-c', file);
      expect(listed.stdout).toMatch(/^shadowsocks 0\.1\.0 .*\n {2}inbounds: shadowsocks\n {2}outbounds: shadowsocks/m);
      const checked = await run('check', file);
      expect(checked.code).toBe(1);
      expect(checked.stderr).toMatch(/bad\.json:1:\d+ error C_VALUE "method" must be/);
      expect(checked.stderr).not.toContain(PASSWORD);
      const schema = await run('schema', '-c', file);
      expect(schema.code).toBe(0);
      expect(schema.stdout).toContain('A Shadowsocks server (AEAD): TCP and UDP.');
      for (const name of [PLUGIN, GUIDE_PLUGIN]) {
        await copyFile(join(project, 'node_modules', name, 'example.jsonc'), join(project, 'example.jsonc'));
        expect(await run('check', '--strict', 'example.jsonc')).toMatchObject({ code: 0 });
      }
    });

    it('is completed by the language server, which runs no plugin', async () => {
      // Would tell if it was run.
      const trap = join(project, 'node_modules/sluice-plugin-trap');
      const outbounds = { trap: { description: 'A trap.', schema: { properties: { bait: { type: 'string' } } } } };
      await mkdir(trap, { recursive: true });
      const manifest = {
        api: '1',
        entry: './index.cjs',
        schema: './schema.json',
        contributes: { outbounds: ['trap'] },
      };
      await writeFile(join(trap, 'package.json'), JSON.stringify({ name: 'sluice-plugin-trap', sluice: manifest }));
      await writeFile(join(trap, 'schema.json'), JSON.stringify({ name: 'trap', outbounds }));
      await writeFile(join(trap, 'index.cjs'), "require('fs').writeFileSync(__dirname + '/was-run', '');");

      const server = started.add(await startLanguageServer(program, ['lsp', '--stdio'], project));
      const complete = (entries: string): Promise<string[]> => {
        const text = `{ "plugins": ["${PLUGIN}", "sluice-plugin-trap"], ${entries} }`;
        return server.completionsAt(join(project, 'edited.json'), text);
      };
      expect(await complete('"inbounds": [{ "protocol": "|" }]')).toContain('shadowsocks');
      expect(await complete('"outbounds": [{ "protocol": "trap", "settings": { | } }]')).toEqual(['bait']);
      const keys = await complete('"inbounds": [{ "protocol": "shadowsocks", "settings": { | } }]');
      expect(keys).toEqual(expect.arrayContaining(['method', 'password', 'network', 'email', 'level']));
      const values = await complete('"inbounds": [{ "protocol": "shadowsocks", "settings": { "method": "|" } }]');
      expect(values).toContain('chacha20-ietf-poly1305');
      await server.close();
      expect(await readdir(trap)).toEqual(['index.cjs', 'package.json', 'schema.json']);
      await rm(trap, { recursive: true });
    });

    it.each(methods)('meets shadowsocks-libev: %s', async (method) => {
      const secret = { method, password: PASSWORD };
      const target = started.add(await transferTarget());
      const theirs = started.add(await startSsServer(secret));
      const ours = await startBoth(secret, target.port, theirs.port);
      const tunnel = started.add(await startSsTunnel(secret, ours.server, target.port));
      // Their programs end both directions when one ends.
      await transferred(tunnel.port, target, false);
      await transferred(ours.toTheirs, target, false);
      await transferred(ours.toOurs, target, true);

      const echo = started.add(await udpEcho());
      const theirUdp = started.add(await startSsServer(secret));
      const packets = await startBoth(secret, echo.port, theirUdp.port);
      const udpTunnel = started.add(await startSsTunnel(secret, packets.server, echo.port));
      for (const port of [udpTunnel.port, packets.toTheirs, packets.toOurs]) await echoesFrom(port, echo);

      for (const peer of [ours, packets]) expect(peer.output()).not.toContain(PASSWORD);
      await expect.poll(() => ours.output()).toMatch(/server -> direct.*email: ann@example\.org/);
    });

    it("meets V2Ray, with V2Ray's own settings", async () => {
      const server = { method: 'aes-256-gcm', password: PASSWORD, network: 'tcp,udp', email: 'ann', level: 0 };
      const target = started.add(await transferTarget());
      const echo = started.add(await udpEcho());
      const [port, tcp, udp] = [await freePort(), await freePort(), await freePort()];
      const door = (number: number, network: string): Record<string, unknown> => ({
        address: '127.0.0.1',
        port: number,
        network,
      });
      const outbound = (at: number): Record<string, unknown> => ({
        protocol: 'shadowsocks',
        settings: {
          servers: [{ address: '127.0.0.1', port: at, method: server.method, password: PASSWORD, level: 0 }],
        },
      });
      const theirs = started.add(
        await startV2ray({
          inbounds: [
            { tag: 'server', protocol: 'shadowsocks', settings: server },
            { protocol: 'dokodemo-door', settings: door(target.port, 'tcp') },
            { tag: 'packets', protocol: 'dokodemo-door', settings: door(echo.port, 'tcp,udp') },
          ],
          outbounds: [outbound(port), { tag: 'direct', protocol: 'freedom' }],
          routing: { rules: [{ type: 'field', inboundTag: ['server'], outboundTag: 'direct' }] },
        }),
      );
      const listen = '127.0.0.1';
      await start({
        inbounds: [
          { tag: 'server', listen, port, protocol: 'shadowsocks', settings: server },
          { listen, port: tcp, protocol: 'dokodemo-door', settings: door(target.port, 'tcp') },
          { listen, port: udp, protocol: 'dokodemo-door', settings: door(echo.port, 'tcp,udp') },
        ],
        outbounds: [outbound(theirs.port), { tag: 'direct', protocol: 'freedom' }],
        routing: { rules: [{ type: 'field', inboundTag: ['server'], outboundTag: 'direct' }] },
      });
      await transferred(tcp, target, false);
      await transferred(theirs.ports[1] ?? 0, target, false);
      for (const each of [udp, theirs.ports[2] ?? 0]) await echoesFrom(each, echo);
    });

    it('leads a SOCKS client of theirs to a name', async () => {
      const secret = { method: 'aes-256-gcm', password: PASSWORD };
      const site = started.add(
        await serve((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello')),
      );
      const ours = await startBoth(secret, site.port, 1);
      const local = started.add(await startSsLocal(secret, ours.server));
      const way = ['--socks5-hostname', `127.0.0.1:${local.port}`];
      expect(await curl([...way, `http://localhost:${site.port}/`])).toMatchObject({ code: 0, stdout: 'hello' });
      await expect.poll(() => ours.output()).toContain(`tcp:localhost:${site.port}`);
    });

    it('tells a wrong password on either side, and serves on', async () => {
      const secret = { method: 'aes-256-gcm', password: PASSWORD };
      const wrong = { ...secret, password: 'another' };
      const target = started.add(await transferTarget());
      const theirs = started.add(await startSsServer(wrong));
      const ours = await startBoth(secret, target.port, theirs.port);
      const tunnel = started.add(await startSsTunnel(wrong, ours.server, target.port));
      expect(await answerTo(tunnel.port, Buffer.from('hello'))).toHaveLength(0);
      await expect.poll(() => ours.output()).toMatch(/another password or method/);
      const { socket } = await dial(ours.toTheirs);
      socket.write('hello');
      await expect
        .poll(() => theirs.output(), { timeout: 10_000 })
        .toMatch(/invalid password or cipher|authentication error/);
      socket.destroy();
      await transferred(ours.toOurs, target, true);
    });

    it('answers neither junk nor a replay, and does not end before it would have for another reason', async () => {
      const secret = { method: 'chacha20-ietf-poly1305', password: PASSWORD };
      // Ends after the first words.
      const echo = started.add(await serve((socket) => socket.once('data', (chunk: Buffer) => socket.end(chunk))));
      const ours = await startBoth(secret, echo.port, 1, 50);
      // Stands between their client and our server, and keeps what the client sends.
      const recorded: Buffer[] = [];
      const tap = started.add(
        await serve((socket) => {
          const onward = net.connect(ours.server, '127.0.0.1');
          onward.on('error', () => undefined);
          socket.on('data', (chunk: Buffer) => recorded.push(chunk));
          socket.pipe(onward).pipe(socket);
        }),
      );
      const tunnel = started.add(await startSsTunnel(secret, tap.port, echo.port));
      const { socket: client } = await dial(tunnel.port);
      client.write('recorded');
      expect(String((await once(client, 'data'))[0])).toBe('recorded');
      client.destroy();
      const replay = Buffer.concat(recorded);
      expect(replay.length).toBeGreaterThan(32);
      const attempts = [replay, randomBytes(replay.length), randomBytes(50), randomBytes(10)];
      const callers = await Promise.all(attempts.map((bytes) => caller(ours.server, bytes)));
      // Long after they were looked at, all still wait: the time for a handshake is long here.
      expect(await answerTo(tunnel.port, Buffer.from('a whole client'))).toEqual(Buffer.from('a whole client'));
      expect(callers.map(({ isOver }) => isOver)).toEqual(attempts.map(() => false));
      for (const { end } of callers) expect(await end()).toHaveLength(0);
      await expect.poll(() => ours.output()).toMatch(/replays what another one has sent/);
    });
  },
);
