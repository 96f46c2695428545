import {
  connectMtproto,
  patternBytes,
  patternSha256,
  quickAckToken,
  startFakeMiddleProxy,
  type ConfigFault,
  type FakeMiddleProxy,
  type FakeMiddleProxyOptions,
  type MiddleProxyFaults,
  type MtprotoClient,
  type ProxiedClient,
} from '@sluice/testing';
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { pingThrough, telegramClients } from '../peers/telegram/ping.js';
import { temporaryFolder } from '../peers/temporary.js';
import {
  adTag,
  directKey,
  inTls,
  secret,
  startTagged,
  type TaggedProgram,
  type TaggedProgramOptions,
} from './middle-proxy.fixture.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startMiddle(options: FakeMiddleProxyOptions = {}): Promise<FakeMiddleProxy> {
  const middle = await startFakeMiddleProxy({ adTags: [adTag], ...options });
  cleanups.push(() => middle.close());
  return middle;
}

async function startProgram(options: TaggedProgramOptions): Promise<TaggedProgram> {
  const program = await startTagged(options);
  cleanups.push(() => program.close());
  return program;
}

async function start(options: FakeMiddleProxyOptions = {}, more: Partial<TaggedProgramOptions> = {}) {
  const middle = await startMiddle(options);
  return { middle, program: await startProgram({ middle: [middle], ...more }) };
}

async function connectTo(
  { port }: Pick<TaggedProgram, 'port'>,
  options: Partial<Parameters<typeof connectMtproto>[0]> = {},
): Promise<MtprotoClient> {
  const client = await connectMtproto({ host: '127.0.0.1', port, secret, ...options });
  cleanups.push(() => client.close());
  return client;
}

/** The key in resPQ: whose answer it is. */
async function keyThrough(to: Pick<TaggedProgram, 'port'>, as = secret): Promise<bigint | undefined> {
  return (await (await connectTo(to, { secret: as })).requestPq()).fingerprints[0];
}

/** Words that no data centre takes for a message of the key exchange. */
const message = (bytes: number): Buffer => Buffer.concat([Buffer.alloc(8, 1), randomBytes(bytes - 8)]);

const forms = { plain: secret, dd: `dd${secret}`, ee: inTls } as const;

describe('real clients through the program to a middle proxy', () => {
  for (const name of telegramClients) {
    describePeers(name, name === 'telethon' ? [name] : [], () => {
      const usable = Object.entries(forms).filter(([form]) => form !== 'ee' || name === 'tdlib' || name === 'mtcute');
      it.each(usable)(
        'get resPQ with a %s secret',
        async (form, secretText) => {
          const { middle, program } = await start({ fingerprint: randomBytes(8).readBigUInt64LE() });
          const result = await pingThrough(name, { host: '127.0.0.1', port: program.port, secret: secretText });
          const said =
            name === 'tdlib' ? /^pong after/ : new RegExp(`^resPQ with key ${middle.fingerprint.toString(16)}$`);
          expect(result).toEqual({ ok: true, detail: expect.stringMatching(said) as string });
          const seen = await middle.nextClient();
          expect(seen).toMatchObject({ adTag, client: { address: '127.0.0.1' } });
          expect(seen.proxy).toEqual({ address: '127.0.0.1', port: program.port });
          // GramJS speaks the abridged framing under every secret.
          if (form !== 'plain' && name !== 'gramjs') expect(seen.framing).toBe('padded');
          expect(middle.violations).toEqual([]);
          expect(program.dc.accepted).toBe(0);
        },
        60_000,
      );
    });
  }
});

describe.each([
  { way: 'the mtproto outbound', outbounds: [{ tag: 'tg-out', protocol: 'mtproto', settings: {} }] },
  { way: 'freedom', outbounds: [{ tag: 'free', protocol: 'freedom', settings: {} }] },
])('messages through $way', ({ outbounds }) => {
  it.each(['abridged', 'intermediate', 'padded'] as const)('come back as they went: %s', async (tag) => {
    const { middle, program } = await start({ mode: 'echo' }, { outbounds });
    const client = await connectTo(program, { tag });
    for (const length of [8, 56, 504, 508, 512, 40_000, 1_000_000]) {
      const sent = message(length);
      client.sendFrame(sent, { padding: Buffer.alloc(0) });
      expect((await client.readFrame()).equals(sent)).toBe(true);
    }
    const seen = await middle.nextClient();
    expect(seen).toMatchObject({ framing: tag, client: { address: '127.0.0.1', port: client.socket.localPort } });
    expect(middle.violations).toEqual([]);
  });

  it.each([
    ['abridged', true],
    ['intermediate', false],
    ['padded', false],
  ] as const)('are acknowledged quickly on demand: %s', async (tag, isReversed) => {
    const { middle, program } = await start({ mode: 'sink' }, { outbounds });
    const client = await connectTo(program, { tag });
    const sent = message(64);
    client.sendFrame(sent, { quickAck: true, padding: Buffer.alloc(0) });
    const token = await client.read(4);
    expect(isReversed ? token.readUInt32BE() : token.readUInt32LE()).toBe(quickAckToken(sent));
    client.sendFrame(sent, { padding: Buffer.alloc(0) });
    const seen = await middle.nextClient();
    expect([(await seen.nextRequest()).quickAck, (await seen.nextRequest()).quickAck]).toEqual([true, false]);
    expect(middle.violations).toEqual([]);
  });

  it('arrive however they were cut', async () => {
    const { middle, program } = await start({ mode: 'echo' }, { outbounds });
    const client = await connectTo(program, { tag: 'abridged' });
    const sent = message(24);
    const bytes = Buffer.concat([Buffer.of(sent.length / 4), sent]);
    for (const byte of Buffer.concat([bytes, bytes])) client.send(Buffer.of(byte));
    expect([await client.readFrame(), await client.readFrame()]).toEqual([sent, sent]);
    expect(middle.violations).toEqual([]);
  });

  it('go up, 8 MiB of them', async () => {
    const { middle, program } = await start({ mode: 'sink' }, { outbounds });
    const client = await connectTo(program, { timeout: 30_000 });
    const size = 8 << 20;
    const piece = 1 << 16;
    for (let at = 0; at < size; at += piece) client.sendFrame(patternBytes(piece, at));
    client.end();
    const seen = await middle.nextClient();
    expect(await seen.closed).toBe('proxy');
    expect({ bytes: seen.payloadBytes, sha256: seen.sha256 }).toEqual({ bytes: size, sha256: patternSha256(size) });
    expect(middle.violations).toEqual([]);
  }, 40_000);

  it.each([false, true])(
    'come down, 8 MiB of them, up to the end (frames in shared blocks: %s)',
    async (packed) => {
      const size = 8 << 20;
      const { middle, program } = await start({ mode: 'source', sourceBytes: size, packed }, { outbounds });
      const client = await connectTo(program, { tag: 'intermediate', timeout: 30_000 });
      client.sendFrame(message(8));
      const hash = createHash('sha256');
      for (let bytes = 0; bytes < size;) {
        const got = await client.readFrame();
        bytes += got.length;
        hash.update(got);
      }
      expect(hash.digest('hex')).toBe(patternSha256(size));
      expect(await client.readToEnd()).toHaveLength(0);
      expect(await (await middle.nextClient()).closed).toBe('middle-proxy');
      expect(middle.violations).toEqual([]);
    },
    40_000,
  );

  it('end on both sides when one does', async () => {
    const { middle, program } = await start({ mode: 'sink' }, { outbounds });
    const [leaving, left] = [await connectTo(program), await connectTo(program)];
    leaving.sendFrame(message(8));
    const first = await middle.nextClient();
    left.sendFrame(message(8));
    const second = await middle.nextClient();
    await leaving.close();
    expect(await first.closed).not.toBe('middle-proxy');
    second.answer(Buffer.alloc(8, 7));
    second.close();
    expect(await left.readFrame()).toEqual(Buffer.alloc(8, 7));
    expect(await left.readToEnd()).toHaveLength(0);
    expect(middle.violations).toEqual([]);
  });

  it('come whole through a middle proxy that sends byte by byte', async () => {
    const { middle, program } = await start({ mode: 'echo', faults: { pieces: 1 } }, { outbounds });
    const client = await connectTo(program);
    const sent = message(200);
    client.sendFrame(sent, { padding: Buffer.alloc(0) });
    expect(await client.readFrame()).toEqual(sent);
    expect(middle.violations).toEqual([]);
  });
});

describe('users and tags', () => {
  const other = { secret: '1'.repeat(32), tag: 'f'.repeat(32) };
  const untagged = '2'.repeat(32);

  it('go through middle proxies with their own tag, with the inbound’s, or not at all', async () => {
    const { middle, program } = await start(
      { adTags: [adTag, other.tag] },
      { settings: { users: [{ secret }, { secret: other.secret, adTag: other.tag }] } },
    );
    expect(await keyThrough(program)).toBe(middle.fingerprint);
    expect((await middle.nextClient()).adTag).toBe(adTag);
    expect(await keyThrough(program, other.secret)).toBe(middle.fingerprint);
    expect((await middle.nextClient()).adTag).toBe(other.tag);

    const mixed = await startProgram({
      middle: [middle],
      settings: { adTag: undefined, users: [{ secret, adTag }, { secret: untagged }] },
    });
    expect(await keyThrough(mixed)).toBe(middle.fingerprint);
    expect(await keyThrough(mixed, untagged)).toBe(directKey);
    expect(middle.violations).toEqual([]);
  });
});

describe('one connection for many clients', () => {
  it('keeps their messages apart, and tells who leaves', async () => {
    const { middle, program } = await start({ mode: 'echo' });
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        connectTo(program, { tag: (['abridged', 'intermediate', 'padded'] as const)[index % 3] ?? 'abridged' }),
      ),
    );
    const rounds = clients.map(async (client) => {
      for (let round = 0; round < 10; round += 1) {
        const sent = message(8 + 4 * (randomBytes(1)[0] ?? 0));
        client.sendFrame(sent, { padding: Buffer.alloc(0) });
        expect((await client.readFrame()).equals(sent)).toBe(true);
      }
    });
    await Promise.all(rounds);
    expect(middle.accepted).toBeLessThan(10);
    const seen: ProxiedClient[] = [];
    while (seen.length < clients.length) seen.push(await middle.nextClient());
    expect(new Set(seen.map(({ client }) => client.port))).toEqual(
      new Set(clients.map((each) => each.socket.localPort)),
    );
    await Promise.all(clients.map((client) => client.close()));
    expect(await Promise.all(seen.map(({ closed }) => closed))).toEqual(clients.map(() => 'proxy'));
    expect(middle.violations).toEqual([]);
  });

  it('answers PING', async () => {
    const { middle, program } = await start();
    await keyThrough(program);
    const connection = await middle.nextConnection();
    for (let count = 0; count < 3; count += 1) await connection.ping();
    expect(middle.violations).toEqual([]);
  });

  it('goes on for the others while one reads nothing, and loses nothing of it', async () => {
    const { middle, program } = await start({ mode: 'echo' });
    const lazy = await connectTo(program, { timeout: 30_000 });
    lazy.socket.pause();
    const sent = Array.from({ length: 10 }, () => message(1 << 19));
    for (const each of sent) lazy.sendFrame(each, { padding: Buffer.alloc(0) });
    const busy = await connectTo(program, { timeout: 30_000 });
    for (let round = 0; round < 30; round += 1) {
      const asked = message(1 << 19);
      busy.sendFrame(asked, { padding: Buffer.alloc(0) });
      expect((await busy.readFrame()).equals(asked)).toBe(true);
    }
    lazy.socket.resume();
    for (const each of sent) expect((await lazy.readFrame()).equals(each)).toBe(true);
    expect(middle.accepted).toBe(1);
    expect(middle.violations).toEqual([]);
  }, 60_000);

  it('leaves behind who takes nothing of very much', async () => {
    const { middle, program } = await start({ mode: 'sink' });
    const lazy = await connectTo(program);
    lazy.socket.pause();
    lazy.sendFrame(message(8));
    const seen = await middle.nextClient();
    const piece = Buffer.alloc(1 << 20, 7);
    for (let count = 0; count < 64 && seen.closedBy === undefined; count += 1) {
      seen.answer(piece);
      await seen.drained();
    }
    expect(await seen.closed).toBe('proxy');
    const other = await connectTo(program);
    other.sendFrame(message(8));
    (await middle.nextClient()).answer(Buffer.alloc(8, 9));
    expect(await other.readFrame()).toEqual(Buffer.alloc(8, 9));
    expect(middle.accepted).toBe(1);
    expect(middle.violations).toEqual([]);
  }, 60_000);

  it('takes its clients with it, and the next open another', async () => {
    const { middle, program } = await start();
    const clients = [await connectTo(program), await connectTo(program)];
    for (const client of clients) await client.requestPq();
    const lost = await middle.nextConnection();
    lost.destroy('reset');
    for (const client of clients) await client.readToEnd().catch(() => undefined);
    expect(await lost.ended).toMatchObject({ openClients: 2 });
    expect(await keyThrough(program)).toBe(middle.fingerprint);
    expect(middle.violations).toEqual([]);
  });

  it.each(['wrong-crc', 'wrong-sequence', 'oversized', 'unaligned', 'junk'] as const)(
    'is given up after a frame with %s, without a byte of it to a client',
    async (fault) => {
      const { middle, program } = await start({ mode: 'sink' });
      const client = await connectTo(program);
      client.sendFrame(message(8));
      await middle.nextClient();
      const connection = await middle.nextConnection();
      connection.send(Buffer.alloc(64, 0x5a), fault);
      const said = await client.readToEnd().catch(() => Buffer.alloc(0));
      expect(said).toHaveLength(0);
      await connection.ended;
      expect(program.peer.output()).not.toMatch(/uncaught|unhandled|E_INTERNAL/i);
    },
  );

  it('passes over operations that nobody knows', async () => {
    const { middle, program } = await start();
    const client = await connectTo(program);
    await client.requestPq();
    const connection = await middle.nextConnection();
    connection.send(Buffer.from('5a5a5a5a0000000000000000', 'hex'));
    await client.requestPq();
    await connection.ping();
  });
});

describe('middle proxies that fail', () => {
  const faults: MiddleProxyFaults[] = [
    { nonce: 'other-selector' },
    { nonce: 'other-schema' },
    { nonce: 'old' },
    { nonce: 'short' },
    { nonce: 'error' },
    { handshake: 'other-peer' },
    { handshake: 'short' },
    { handshake: 'error' },
    { frame: { index: 0, fault: 'wrong-crc' } },
    { frame: { index: 0, fault: 'junk' } },
    { frame: { index: 1, fault: 'wrong-crc' } },
    { frame: { index: 1, fault: 'wrong-sequence' } },
    { frame: { index: 1, fault: 'oversized' } },
    { cutAfter: 0 },
    { cutAfter: 43 },
    { cutAfter: 44 },
    { cutAfter: 60, cutBy: 'reset' },
  ];
  it.each(faults)('are passed by for another of the list, and then for the data centre itself: %j', async (fault) => {
    const bad = await startMiddle({ faults: fault });
    const good = await startMiddle({ secret: bad.secret, fingerprint: 0x600dn });
    const program = await startProgram({ middle: [bad, good] });
    for (let count = 0; count < 3; count += 1) expect(await keyThrough(program)).toBe(good.fingerprint);
    expect(bad.violations).toEqual([]);

    const alone = await startProgram({ middle: [bad] });
    // The first finds out, those after it know: all go directly.
    for (let count = 0; count < 2; count += 1) expect(await keyThrough(alone)).toBe(directKey);
  });

  it('and say nothing are passed by, too', async () => {
    const bad = await startMiddle({ faults: { stallAfter: 0 } });
    const good = await startMiddle({ secret: bad.secret, fingerprint: 0x600dn });
    const program = await startProgram({ middle: [bad, good] });
    const keys = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = await connectTo(program, { timeout: 40_000 });
        return (await client.requestPq()).fingerprints[0];
      }),
    );
    expect(keys).toEqual(keys.map(() => good.fingerprint));
  }, 60_000);
});

describe('where the middle proxies are', () => {
  it('may be behind a NAT', async () => {
    const clientAddress = '198.51.100.9';
    const { middle, program } = await start({ clientAddress }, { middleProxy: { natAddress: clientAddress } });
    expect(await keyThrough(program)).toBe(middle.fingerprint);
    expect((await middle.nextClient()).proxy).toEqual({ address: clientAddress, port: program.port });
    expect(middle.violations).toEqual([]);
  });

  it('is told of clients of both families on one port, and of our address in theirs', async () => {
    const clientAddress = '198.51.100.9';
    const middle = await startMiddle({ clientAddress });
    const program = await startProgram({
      middle: [middle],
      listen: '::',
      middleProxy: { natAddress: clientAddress },
    });
    expect(await keyThrough(program)).toBe(middle.fingerprint);
    const v4 = await middle.nextClient();
    expect([v4.client.address, v4.proxy.address]).toEqual(['127.0.0.1', clientAddress]);
    expect(middle.violations).toEqual([]);
    const client = await connectTo(program, { host: '::1' });
    expect((await client.requestPq()).fingerprints).toEqual([middle.fingerprint]);
    const v6 = await middle.nextClient();
    expect(v6.client).toEqual({ address: '::1', port: client.socket.localPort });
    // The address that it came to: the NAT is one of IPv4.
    expect(v6.proxy).toEqual({ address: '::1', port: program.port });
  });

  it('may be on IPv6', async () => {
    const { middle, program } = await start({ host: '::1' }, { isV6: true });
    expect(await keyThrough(program)).toBe(middle.fingerprint);
    expect(program.lists.requests('getProxyConfig')).toBe(0);
    expect(middle.violations).toEqual([]);
  });

  it('may be behind the router, lists and all', async () => {
    const serverAddress = { address: '192.0.2.77', port: 8888 };
    const middle = await startMiddle({ serverAddress });
    // Addresses that lead nowhere but where the rules lead them.
    const program = await startProgram({
      middle: [{ ...middle, address: '192.0.2.77:8888' }],
      outbounds: [
        { tag: 'nowhere', protocol: 'blackhole', settings: {} },
        { tag: 'to-middle', protocol: 'freedom', settings: { redirect: middle.address } },
        { tag: 'free', protocol: 'freedom', settings: {} },
      ],
      rules: [
        { type: 'field', inboundTag: ['tg-in'], ip: ['192.0.2.77'], outboundTag: 'to-middle' },
        { type: 'field', inboundTag: ['tg-in'], domain: ['full:localhost'], outboundTag: 'free' },
      ],
    });
    expect(await keyThrough(program)).toBe(middle.fingerprint);
    expect(middle.violations).toEqual([]);
  });
});

describe('lists', () => {
  it('are fetched once, over HTTPS with the certificate checked', async () => {
    const { program } = await start();
    expect(program.lists.requests('getProxySecret')).toBe(1);
    expect(program.lists.requests('getProxyConfig')).toBe(1);
    const { program: distrustful } = await start(
      {},
      { waits: false, middleProxy: { secretUrl: `${program.lists.origin}/getProxySecret` } },
    );
    await expect
      .poll(() => distrustful.peer.output(), { timeout: 10_000 })
      .toMatch(/proxy-secret could not be fetched .*E_AUTH/s);
    expect(program.lists.requests('getProxySecret')).toBe(1);
    expect(await keyThrough(distrustful)).toBe(directKey);
  });

  it('survive a restart without their server', async () => {
    const folder = await temporaryFolder('lists');
    cleanups.push(() => folder.remove());
    const middle = await startMiddle();
    const middleProxy = { cacheFolder: folder.path };
    const before = await startProgram({ middle: [middle], middleProxy });
    const client = await connectTo(before);
    expect((await client.requestPq()).fingerprints).toEqual([middle.fingerprint]);
    await client.close();
    await before.peer.close();
    const after = await startProgram({
      middle: [middle],
      middleProxy: { ...middleProxy, secretUrl: 'http://127.0.0.1:9/', configUrl: 'http://127.0.0.1:9/' },
    });
    expect(await keyThrough(after)).toBe(middle.fingerprint);
    expect(after.lists.requests('getProxySecret')).toBe(0);
    expect(middle.violations).toEqual([]);
  });

  const bad: ConfigFault[] = ['error', 'missing', 'redirect', 'truncated', 'endless', 'garbage'];
  bad.push('empty', 'page', 'not-http', 'closes');
  it.each(bad)(
    'that are bad leave everybody with a direct connection, and the log with a reason: %s',
    async (fault) => {
      const middle = await startMiddle();
      const program = await startProgram({ middle: [middle], waits: false, spoil: { getProxyConfig: fault } });
      await expect.poll(() => program.peer.output(), { timeout: 10_000 }).toMatch(/proxy-config could not be fetched/);
      expect(await keyThrough(program)).toBe(directKey);
      expect(middle.accepted).toBe(0);
    },
  );

  it.each<ConfigFault>(['silent', 'stalled', 'announces-huge', 'slow'])(
    'that take long hold nobody up: %s',
    async (fault) => {
      const middle = await startMiddle();
      const program = await startProgram({ middle: [middle], waits: false, spoil: { getProxySecret: fault } });
      await program.lists.nextRequest();
      expect(await keyThrough(program)).toBe(directKey);
      if (fault !== 'slow') return;
      await expect.poll(() => keyThrough(program), { timeout: 10_000 }).toBe(middle.fingerprint);
    },
  );
});
