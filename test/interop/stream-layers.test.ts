import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { loadObject } from '@sluice/config';
import { conformance, layered } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugins, startInstance, type Running } from '../e2e/runtime.fixture.js';
import { TestAuthority } from '../peers/certificates.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { layers, mask, wrap } from './stream-layers.fixture.js';

const KEY = { maskSettings: { key: 'a secret key' } };

describePeers('layers that a plugin brings for streamSettings', ['openssl', 'curl'], () => {
  let folder: TemporaryFolder;
  let server: http.Server;
  let target: net.Server;
  let settings: { certificate: string; key: string };
  const heard: Buffer[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder('layers');
    const authority = await TestAuthority.create(folder.path);
    const { certificate, key } = await authority.issue('localhost');
    settings = { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
    server = http.createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    target = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => heard.push(chunk));
      socket.pipe(socket);
    });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
  });
  afterAll(async () => {
    server.close();
    target.close();
    await folder.remove();
  });

  const portOf = (of: net.Server): number => (of.address() as net.AddressInfo).port;
  const rest = (instance: Running): unknown => instance.instance.dataPlane;

  /** A door whose connections go through an outbound with layers to an inbound with the same. */
  async function chain(client: object, inner: object, more: object = {}): Promise<Running> {
    const far = await startInstance(
      {
        inbounds: [
          {
            tag: 'far',
            protocol: 'dokodemo-door',
            settings: { address: '127.0.0.1', port: portOf(target) },
            streamSettings: inner,
          },
        ],
        outbounds: [{ protocol: 'freedom' }],
        ...more,
      },
      [layers],
    );
    const near = await startInstance(
      {
        inbounds: [
          { tag: 'near', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: far.port('far') } },
        ],
        outbounds: [{ tag: 'out', protocol: 'freedom', streamSettings: client }],
      },
      [layers],
    );
    return {
      ...near,
      close: async () => {
        await Promise.all([near.close(), far.close()]);
      },
    };
  }

  async function echoed(port: number, bytes: Buffer): Promise<string> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const hash = createHash('sha256');
    socket.on('data', (chunk: Buffer) => hash.update(chunk));
    socket.end(bytes);
    await once(socket, 'end');
    return hash.digest('hex');
  }

  describe('TLS as a layer stands what every protocol must', () => {
    const both = {
      get inbound() {
        return settings;
      },
      outbound: {},
    };
    for (const { name, run, timeoutMs } of conformance(layered(wrap, both), {
      targets: false,
      integrity: true,
      places: 60,
    }))
      it(name, run, timeoutMs);
  });

  it.each([
    ['a transport', { network: 'mask', ...KEY }, { network: 'MASK', ...KEY }],
    ['a security', { security: 'wrap' }, () => ({ security: 'wrap', wrapSettings: settings })],
    [
      'both, one upon the other',
      { network: 'mask', security: 'wrap', ...KEY },
      () => ({ network: 'mask', security: 'wrap', ...KEY, wrapSettings: settings }),
    ],
  ])('carry 3 MiB through %s, half-close it, and leave nothing', async (_what, client, inner) => {
    const running = await chain(client, typeof inner === 'function' ? inner() : inner);
    heard.length = 0;
    const bytes = randomBytes(3 * 1024 * 1024);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await echoed(running.port('near'), bytes)).toBe(sha256);
    expect(createHash('sha256').update(Buffer.concat(heard)).digest('hex')).toBe(sha256);
    await expect.poll(() => rest(running)).toMatchObject({ conns: 0, timers: 0, buffers: { borrowed: 0 } });
    await running.close();
  });

  it('is what a client without it cannot talk to, and nothing is left of such a client', async () => {
    const running = await startInstance(
      {
        inbounds: [
          {
            tag: 'in',
            protocol: 'dokodemo-door',
            settings: { address: '127.0.0.1', port: portOf(target) },
            streamSettings: { network: 'mask', ...KEY },
          },
        ],
        outbounds: [{ protocol: 'freedom' }],
        policy: { levels: { 0: { handshake: 1 } } },
      },
      [layers],
    );
    const socket = net.connect({ port: running.port('in'), host: '127.0.0.1' });
    socket.end('GET / HTTP/1.1\r\n\r\n');
    await once(socket.resume(), 'close');
    expect(await running.access.line(/rejected|E_PROTOCOL/)).toContain('127.0.0.1');
    // Who says nothing at all is limited like any other.
    const silent = net.connect({ port: running.port('in'), host: '127.0.0.1' });
    await once(silent.resume(), 'close');
    await expect.poll(() => rest(running)).toMatchObject({ conns: 0, timers: 0 });
    await running.close();
  });

  it('serves a real client of that security: curl, through an HTTP proxy in TLS', async () => {
    const running = await startInstance(
      {
        inbounds: [{ tag: 'in', protocol: 'http', streamSettings: { security: 'wrap', wrapSettings: settings } }],
        outbounds: [{ protocol: 'freedom' }],
        stats: {},
        policy: { system: { statsInboundUplink: true, statsInboundDownlink: true } },
      },
      [layers],
    );
    const proxy = `https://localhost:${running.port('in')}`;
    const url = `http://127.0.0.1:${portOf(server)}/`;
    const { stdout, code } = await curl(['--proxy-insecure', '-x', proxy, url]);
    expect([code, stdout]).toEqual([0, 'hello']);
    expect(await running.access.line(/tcp:127/)).toContain('127.0.0.1:');
    // What is counted is what the protocol says, not the security around it.
    const counted = running.instance.stats.find('inbound>>>in>>>traffic>>>downlink')?.value ?? 0;
    expect(counted).toBeGreaterThan(50);
    expect(counted).toBeLessThan(1000);
    // A refusal is still heard through the layers.
    const refused = await curl(['--proxy-insecure', '-x', proxy, '-w', '%{http_code}', 'http://127.0.0.1:1/']);
    expect(refused.stdout).toMatch(/50\d$/);
    await running.close();
  });

  it('carries no packets in silence', async () => {
    const running = await startInstance(
      {
        inbounds: [
          {
            tag: 'in',
            protocol: 'dokodemo-door',
            settings: { address: '127.0.0.1', port: 9, network: 'udp' },
          },
        ],
        outbounds: [{ tag: 'out', protocol: 'freedom', streamSettings: { security: 'wrap' } }],
      },
      [layers],
    );
    const { createSocket } = await import('node:dgram');
    const socket = createSocket('udp4');
    socket.send('x', running.port('in'), '127.0.0.1');
    expect(await running.access.line(/carry no packets|E_UNSUPPORTED/)).toContain('E_UNSUPPORTED');
    socket.close();
    await running.close();
  });
});

describe('a layer by codecs alone stands what every protocol must', () => {
  const both = { inbound: KEY.maskSettings, outbound: KEY.maskSettings };
  for (const { name, run, timeoutMs } of conformance(layered(mask, both), { targets: false })) it(name, run, timeoutMs);
});

describe('streamSettings with layers', () => {
  const load = (stream: object, more: object = {}): ReturnType<typeof loadObject> =>
    loadObject(
      {
        inbounds: [
          { protocol: 'dokodemo-door', port: 1, settings: { address: 'x', port: 1, ...more }, streamSettings: stream },
        ],
      },
      { plugins: [...plugins, layers] },
    );

  it.each([
    [{ network: 'mask' }, 'C_MISSING', '/inbounds/0/streamSettings/maskSettings/key'],
    [{ network: 'mask', maskSettings: { key: 'a' } }, 'C_', '/inbounds/0/streamSettings/maskSettings/key'],
    [{ network: 'mask', maskSettings: { key: 'aaa' } }, 'C_CHECK', '/inbounds/0/streamSettings/maskSettings/key'],
    [{ network: 'mask', maskSettings: { key: 1 } }, 'C_TYPE', '/inbounds/0/streamSettings/maskSettings/key'],
    [{ network: 'msk' }, 'C_VALUE', '/inbounds/0/streamSettings/network'],
    [{ security: 'mask' }, 'C_VALUE', '/inbounds/0/streamSettings/security'],
    [{ maskSettings: { key: 'abc' } }, 'C_IGNORED', '/inbounds/0/streamSettings/maskSettings'],
    [
      { network: 'mask', maskSettings: { key: 'abc', kye: 1 } },
      'C_UNKNOWN_KEY',
      '/inbounds/0/streamSettings/maskSettings/kye',
    ],
  ])('%j are told about', (stream, code, pointer) => {
    const [first] = load(stream).diagnostics;
    expect(first).toMatchObject({ code: expect.stringContaining(code) as string, pointer });
    expect(JSON.stringify(first)).not.toContain('"aaa"');
  });

  it('say so where they do not count', () => {
    const stream = { network: 'mask', maskSettings: { key: 'abc' } };
    expect(load(stream, { network: 'tcp,udp' }).diagnostics).toMatchObject([
      { code: 'C_IGNORED', severity: 'warning' },
    ]);
    expect(load(stream).diagnostics).toEqual([]);
    const outbounds = [
      { tag: 'a', protocol: 'freedom', proxySettings: { tag: 'b' }, streamSettings: stream },
      { tag: 'b', protocol: 'freedom' },
    ];
    const told = loadObject({ inbounds: [], outbounds }, { plugins: [...plugins, layers] }).diagnostics;
    expect(told).toContainEqual(expect.objectContaining({ code: 'C_IGNORED', pointer: '/outbounds/0/streamSettings' }));
  });
});
