import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { connectMtproto, startFakeDc } from '@sluice/testing';
import { startInstance } from '../e2e/runtime.fixture.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { startNginx } from '../peers/nginx.js';
import { temporaryFolder } from '../peers/temporary.js';
import { dial, door, serve, Started, startProgram } from './program.fixture.js';
import { SocksUdpClient } from './udp-client.fixture.js';
import { udpEcho } from './socks-transfer.js';

const started = new Started();
afterEach(() => started.close());

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const accounts = [
  { user: 'ann', pass: 'a1' },
  { user: 'bob', pass: 'b2' },
];

const inbounds = [
  { tag: 'socks', protocol: 'socks', settings: { auth: 'password', accounts } },
  { tag: 'open', protocol: 'socks', settings: { udp: true } },
  { tag: 'http', protocol: 'http', settings: { accounts } },
];
const outbounds = [
  { tag: 'direct', protocol: 'freedom' },
  { tag: 'nowhere', protocol: 'blackhole' },
  { tag: 'for-bob', protocol: 'freedom' },
];

describePeers('the logs of the program', ['curl', 'nginx'], () => {
  it('have one line for each connection, with its user, its rule and its bytes', async () => {
    const folder = await temporaryFolder('site');
    started.add({ close: () => folder.remove() });
    await writeFile(join(folder.path, 'file'), randomBytes(50_000));
    const nginx = started.add(await startNginx({ root: folder.path }));
    const file = join(folder.path, 'access.log');
    const program = started.add(
      await startProgram({
        log: { loglevel: 'warning', access: file },
        inbounds,
        outbounds,
        routing: {
          rules: [
            { type: 'field', domain: ['full:blocked.test'], outboundTag: 'nowhere' },
            { type: 'field', user: ['bob'], outboundTag: 'for-bob' },
          ],
        },
      }),
    );
    const socks = `socks5h://ann:a1@127.0.0.1:${program.port('socks')}`;
    const bobs = `http://bob:b2@127.0.0.1:${program.port('http')}`;
    const ways: [string, readonly string[], RegExp][] = [
      ['ann', ['--proxy', socks, `${nginx.url}/file`], /\[socks -> direct\] email: ann rule: - /],
      ['bob', ['--proxy', bobs, '--proxytunnel', `${nginx.url}/file`], /\[http -> for-bob\] email: bob rule: 1 /],
      [
        'blocked',
        ['--proxy', socks, 'http://blocked.test/'],
        /\[socks -> nowhere\] email: ann rule: 0 up: [1-9]\d* down: 0 /,
      ],
      [
        'wrong password',
        ['--proxy', socks.replace('a1', 'a2'), `${nginx.url}/file`],
        /rejected - \[socks -> -\] rule: - up: \d+ down: \d+ time: \d+ms end: rejected \(E_AUTH: /,
      ],
    ];
    let payload = '';
    for (const [name, args, expected] of ways) {
      const what = '%{local_port} %{size_request} %{size_header} %{size_download}';
      const { stdout } = await curl([...args, '-o', '/dev/null', '-w', what]);
      const [port, up, head, body] = stdout.split(' ').map(Number);
      const lines = async (): Promise<string[]> =>
        (await readFile(file, 'utf8')).split('\n').filter((line) => line.includes(` 127.0.0.1:${port} `));
      await expect.poll(lines, { message: name }).toHaveLength(1);
      const [line = ''] = await lines();
      expect(line).toMatch(expected);
      expect(line).not.toMatch(/a1|a2|b2/);
      // Of curl's own count of a tunnelled request, CONNECT is a part: it is ann's that tells.
      if (name === 'ann') payload = `up: ${up} down: ${(head ?? 0) + (body ?? 0)} `;
      if (name === 'ann' || name === 'bob') expect(line).toContain(payload);
    }
  });

  it('name the user and the bytes of a Telegram client and of datagrams', async () => {
    const dc = started.add(await startFakeDc({ mode: 'echo' }));
    const echo = started.add(await udpEcho());
    const tg = {
      tag: 'tg',
      protocol: 'mtproto',
      settings: { users: [{ email: 'love@v2ray.com', secret }], dataCenters: { 2: [dc.address] } },
    };
    const program = started.add(
      await startProgram({
        inbounds: [tg, ...inbounds],
        outbounds,
        routing: { rules: [{ type: 'field', user: ['love@v2ray.com'], outboundTag: 'direct' }] },
      }),
    );
    const client = await connectMtproto({ host: '127.0.0.1', port: program.port('tg'), secret });
    const clientPort = client.socket.localPort ?? 0;
    client.send(randomBytes(12_345));
    await client.read(12_345);
    await client.close();
    expect(await program.lineOf(clientPort)).toMatch(
      new RegExp(`accepted tcp:${dc.address} \\[tg -> direct\\] email: love@v2ray.com rule: 0 up: 12345 down: 12345 `),
    );
    expect(program.output()).not.toMatch(new RegExp(`\\d ${secret}`));

    const datagrams = await SocksUdpClient.open(program.port('open'));
    for (const size of [10, 200, 3000]) {
      datagrams.send(randomBytes(size), echo.port);
      await datagrams.receive();
    }
    await datagrams.close();
    expect(await program.lineOf(datagrams.port)).toMatch(
      new RegExp(
        `accepted udp:127\\.0\\.0\\.1:${echo.port} \\[open -> direct\\] rule: - up: 3210 down: 3210 .* end: done$`,
      ),
    );
  });

  it('agree with the counters', async () => {
    const target = started.add(
      await serve((socket) => socket.on('data', (bytes) => socket.write(bytes)).on('end', () => socket.end())),
    );
    const running = started.add(
      await startInstance({
        stats: {},
        policy: {
          levels: { 0: { statsUserUplink: true, statsUserDownlink: true } },
          system: {
            statsInboundUplink: true,
            statsInboundDownlink: true,
            statsOutboundUplink: true,
            statsOutboundDownlink: true,
          },
        },
        inbounds: [...inbounds, door('door', target.port)],
        outbounds: [outbounds[0]],
      }),
    );
    const basic = Buffer.from('bob:b2').toString('base64');
    const ways = [
      {
        tag: 'socks',
        size: 70_000,
        hello: [Buffer.of(5, 1, 2), Buffer.from('\x01\x03ann\x02a1'), socksRequest(target.port)],
      },
      {
        tag: 'http',
        size: 1234,
        hello: [
          Buffer.from(
            `CONNECT 127.0.0.1:${target.port} HTTP/1.1\r\nHost: 127.0.0.1\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`,
          ),
        ],
      },
      { tag: 'door', size: 99, hello: [] },
    ];
    const wire = new Map<string, readonly [number, number]>();
    for (const { tag, size, hello } of ways) {
      const { socket, clientPort, closed } = await dial(running.port(tag));
      for (const step of hello) {
        socket.write(step);
        await once(socket, 'data');
      }
      socket.resume().end(Buffer.alloc(size));
      expect(await closed).toBeUndefined();
      wire.set(tag, [socket.bytesWritten, socket.bytesRead]);
      const line = await running.access.line(new RegExp(`^\\S+ \\S+ 127\\.0\\.0\\.1:${clientPort} `));
      expect(line).toContain(`[${tag} -> direct]`);
      expect(line).toContain(` up: ${size} down: ${size} `);
    }
    const pair = (name: string, [up, down]: readonly [number, number]): object => ({
      [`${name}>>>traffic>>>uplink`]: up,
      [`${name}>>>traffic>>>downlink`]: down,
    });
    expect(Object.fromEntries(running.instance.stats.query('>>>traffic>>>'))).toEqual({
      ...pair('user>>>ann', [70_000, 70_000]),
      ...pair('user>>>bob', [1234, 1234]),
      ...pair('outbound>>>direct', [71_333, 71_333]),
      ...pair('inbound>>>open', [0, 0]),
      // On the wire: with what the protocols say themselves.
      ...(Object.assign({}, ...[...wire].map(([tag, bytes]) => pair(`inbound>>>${tag}`, bytes))) as object),
    });
  });
});

function socksRequest(port: number): Buffer {
  return Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff);
}
