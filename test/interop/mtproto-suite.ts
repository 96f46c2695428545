import {
  connectMtproto,
  patternBytes,
  patternSha256,
  startFakeDc,
  type FakeDc,
  type FakeDcOptions,
} from '@sluice/testing';
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import type { PeerName } from '../peers/debian.js';
import { describePeers } from '../peers/describe-peers.js';
import { pingThrough, telegramClients, type TelegramClient } from '../peers/telegram/ping.js';
import { serverName, type ProxyUnderTest, type SecretForm, type StartedProxy } from './proxy-under-test.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const size = 10 << 20;

/** Real clients and our own, through a proxy, to the fake data centre. `needed`: what the proxy itself has to find. */
export function mtprotoSuite(proxy: ProxyUnderTest, needed: readonly PeerName[] = []): void {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function start(options?: FakeDcOptions): Promise<{ dc: FakeDc; through: StartedProxy }> {
    const dc = await startFakeDc({ fingerprint: randomBytes(8).readBigUInt64LE(), ...options });
    cleanups.push(() => dc.close());
    const through = await proxy.start({ secret, dcAddress: dc.address });
    cleanups.push(() => through.close());
    return { dc, through };
  }

  async function connectThrough(through: StartedProxy, options: Partial<Parameters<typeof connectMtproto>[0]> = {}) {
    const client = await connectMtproto({ host: through.host, port: through.port, secret, ...options });
    cleanups.push(() => client.close());
    return client;
  }

  const inTls = `ee${secret}${Buffer.from(serverName).toString('hex')}`;
  const forms: Readonly<Record<SecretForm, string>> = {
    plain: secret,
    dd: `dd${secret}`,
    ee: inTls,
    'ee in base64url': Buffer.from(inTls, 'hex').toString('base64url'),
  };
  const inForm = (form: SecretForm) => forms[form];

  for (const client of telegramClients) {
    const peers: PeerName[] = client === 'telethon' ? [...needed, client] : [...needed];
    describePeers(`${client} through ${proxy.name}`, peers, () => {
      it.each(proxy.secretForms.filter((form) => canUse(client, form)))(
        'gets resPQ with a %s secret',
        async (form) => {
          const { dc, through } = await start();
          const result = await pingThrough(client, { host: through.host, port: through.port, secret: inForm(form) });
          const key = dc.fingerprint.toString(16);
          // TDLib does not say what it read; the others name the key that only this data centre has.
          const said = client === 'tdlib' ? (expect.stringMatching(/^pong after/) as string) : `resPQ with key ${key}`;
          expect(result).toEqual({ ok: true, detail: said });
          const seen = await dc.nextConnection();
          expect((await seen.nextRequest()).method).toBe('req_pq_multi');
          if (proxy.tellsDc && client !== 'tdlib') expect(seen.dc).toBe(2);
        },
        40_000,
      );
    });
  }

  describePeers(`an MTProto client through ${proxy.name}`, needed, () => {
    it.each(proxy.dcs)('reaches data centre %i', async (id) => {
      const { dc, through } = await start();
      const client = await connectThrough(through, { dc: id });
      expect((await client.requestPq()).fingerprints).toEqual([dc.fingerprint]);
      const seen = await dc.nextConnection();
      if (proxy.tellsDc) expect(seen.dc).toBe(id);
    });

    it.each(proxy.secretForms.filter(isHex).flatMap((form) => proxy.tags.map((tag) => [form, tag] as const)))(
      'gets resPQ with a %s secret under %s',
      async (form, tag) => {
        const { dc, through } = await start();
        const client = await connectThrough(through, { secret: inForm(form), tag });
        await client.requestPq({ quickAck: true });
        const seen = await dc.nextConnection();
        expect(seen.tag).toBe(tag);
        expect((await seen.nextRequest()).quickAck).toBe(true);
      },
    );

    it('may write its header and first request byte by byte', async () => {
      const { through } = await start({ mode: 'echo' });
      const client = await connectThrough(through, { sendHeader: 'by-hand' });
      for (const byte of client.header) client.socket.write(Buffer.of(byte));
      for (const byte of Buffer.from('slowly')) client.send(Buffer.of(byte));
      expect((await client.read(6)).toString()).toBe('slowly');
    });

    it('sends 10 MiB unchanged', async () => {
      const { dc, through } = await start({ mode: 'sink' });
      const client = await connectThrough(through, { timeout: 30_000 });
      client.send(patternBytes(size));
      client.end();
      const { payloadBytes, sha256 } = await (await dc.nextConnection()).ended;
      expect({ payloadBytes, sha256 }).toEqual({ payloadBytes: size, sha256: patternSha256(size) });
    }, 40_000);

    it('receives 10 MiB unchanged, up to the end', async () => {
      const { through } = await start({ mode: 'source', sourceBytes: size });
      const client = await connectThrough(through, { timeout: 30_000 });
      client.send(Buffer.of(1));
      const got = await client.readToEnd();
      expect(got.length).toBe(size);
      expect(createHash('sha256').update(got).digest('hex')).toBe(patternSha256(size));
    }, 40_000);

    it('echoes 10 MiB unchanged', async () => {
      const { through } = await start({ mode: 'echo' });
      const client = await connectThrough(through, { timeout: 30_000 });
      const sent = patternBytes(size);
      client.send(sent);
      expect((await client.read(size)).equals(sent)).toBe(true);
    }, 40_000);

    it('gets nowhere with another secret', async () => {
      const { dc, through } = await start();
      const client = await connectThrough(through, { secret: '0'.repeat(32), timeout: 1_000 });
      await expect(client.requestPq()).rejects.toThrow();
      expect(dc.accepted).toBe(0);
    });
  });
}

/** GramJS and Telethon throw at secrets for fake TLS. */
function canUse(client: TelegramClient, form: SecretForm): boolean {
  return client === 'tdlib' || client === 'mtcute' || form === 'plain' || form === 'dd';
}

/** Our own client takes no other encoding: that is between real clients and their users. */
function isHex(form: SecretForm): boolean {
  return form !== 'ee in base64url';
}
