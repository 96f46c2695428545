import { makeDcKey, startFakeDc, type FakeDc, type FakeDcConnection, type TransportTag } from '@sluice/testing';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { exchangeThrough, type ExchangeTarget } from '../peers/telegram/exchange.js';
import { pingThrough } from '../peers/telegram/ping.js';
import { Started, startProgram, type Program } from './program.fixture.js';
import { serverName, type SecretForm } from './proxy-under-test.js';

// Real clients that make an authorization key with the data centre and talk to it under that: every byte of both
// directions is checked by somebody who would not go on after a wrong one.

const ways = [
  { name: 'the mtproto outbound in fast mode', protocol: 'mtproto', settings: {}, dcs: [1, -2, 203, 10_001] },
  {
    name: 'the mtproto outbound with fast mode off',
    protocol: 'mtproto',
    settings: { fastMode: false },
    dcs: [-4, 10_002, 3, -10_002],
  },
  { name: 'the freedom outbound', protocol: 'freedom', settings: {}, dcs: [5, -203, -10_003, 4] },
] as const;
type Way = (typeof ways)[number];
/** TDLib chooses one of the first by itself. */
const served = new Set<number>([1, 2, 3, 4, 5, ...ways.flatMap(({ dcs }) => dcs)]);

/** Each goes to another data centre of a way: a main one, one for media, the CDN, a test one, a test one for media. */
const forms: readonly { readonly form: SecretForm; readonly tag: TransportTag }[] = [
  { form: 'plain', tag: 'intermediate' },
  { form: 'dd', tag: 'padded' },
  { form: 'ee', tag: 'padded' },
  { form: 'ee in base64url', tag: 'padded' },
];
/** Telethon throws at the others. */
const hexForms = forms.slice(0, 2);

function inForm(secret: string, form: SecretForm): string {
  if (form === 'plain') return secret;
  if (form === 'dd') return `dd${secret}`;
  const hex = `ee${secret}${Buffer.from(serverName).toString('hex')}`;
  return form === 'ee' ? hex : Buffer.from(hex, 'hex').toString('base64url');
}

describePeers('a whole exchange through Sluice', ['telethon'], () => {
  const started = new Started();
  const key = makeDcKey();
  const secret = randomBytes(16).toString('hex');
  const fingerprint = key.fingerprint.toString(16);
  const dataCenters = new Map<Way, FakeDc>();
  let program: Program;

  beforeAll(async () => {
    for (const way of ways) dataCenters.set(way, started.add(await startFakeDc({ key })));
    program = started.add(
      await startProgram({
        inbounds: ways.map((way) => ({
          tag: way.name,
          protocol: 'mtproto',
          settings: {
            users: [{ secret }],
            // So that clients with a wrong secret need not wait.
            strangers: 'close',
            tls: { serverNames: [serverName] },
            dataCenters: Object.fromEntries([...served].map((id) => [String(id), [dcOf(way).address]])),
          },
        })),
        outbounds: ways.map(({ name, protocol, settings }) => ({ tag: `by ${name}`, protocol, settings })),
        routing: {
          rules: ways.map(({ name }) => ({ type: 'field', inboundTag: [name], outboundTag: `by ${name}` })),
        },
      }),
    );
  });
  afterAll(() => started.close());

  function dcOf(way: Way): FakeDc {
    const dc = dataCenters.get(way);
    if (dc === undefined) throw new Error(`no data centre for ${way.name}`);
    return dc;
  }

  const targets = (way: Way, of: typeof forms, userSecret = secret): ExchangeTarget[] =>
    of.map(({ form }, index) => ({
      host: '127.0.0.1',
      port: program.port(way.name),
      secret: inForm(userSecret, form),
      dc: way.dcs[index] ?? 0,
    }));

  /** Only this data centre, and only for the one that it was asked for, says this. */
  const answers = (way: Way, of: typeof forms): object[] =>
    of.map((_, index) => ({ ok: true, detail: `nearest to ${fingerprint} is ${way.dcs[index] ?? 0}` }));

  /** The next connections, each form's in its place; its data centre's id tells which it is. */
  async function connections(way: Way, of: typeof forms): Promise<FakeDcConnection[]> {
    const seen: FakeDcConnection[] = [];
    while (seen.length < of.length) seen.push(await dcOf(way).nextConnection());
    const placed = seen.sort((one, other) => placeOf(one) - placeOf(other));
    expect(placed.map(({ dc, tag }) => ({ dc, tag }))).toEqual(
      of.map(({ tag }, index) => ({ dc: way.dcs[index], tag })),
    );
    return placed;

    function placeOf({ dc }: FakeDcConnection): number {
      return (way.dcs as readonly number[]).indexOf(dc);
    }
  }

  it.each(ways)('gives mtcute its answer under every form of secret, by $name', async (way) => {
    expect(await exchangeThrough('mtcute', key.publicKey, targets(way, forms))).toEqual(answers(way, forms));
    for (const connection of await connections(way, forms)) {
      // Said to us in the open, and to the data centre encrypted.
      expect(await connection.nextKey()).toMatchObject({ padding: 'rsa-pad', dc: connection.dc });
      // It pings, too, before or after, in the same container or not.
      while ((await connection.nextCall()).method !== 'help.getNearestDc');
    }
  });

  it.each(ways)('gives Telethon its answers under a plain and a dd secret, by $name', async (way) => {
    const results = await exchangeThrough('telethon', key.publicKey, targets(way, hexForms));
    expect(results).toEqual(answers(way, hexForms));
    for (const connection of await connections(way, hexForms)) {
      expect((await connection.nextKey()).padding).toBe('sha1');
      expect(await connection.nextCall()).toMatchObject({ method: 'help.getNearestDc', gzip: true });
      expect(await connection.nextCall()).toMatchObject({ method: 'ping', gzip: false });
      expect((await connection.ended).error).toBeUndefined();
    }
  });

  it.each(ways)('leads nobody with another secret anywhere, by $name', async (way) => {
    const before = dcOf(way).accepted;
    const other = randomBytes(16).toString('hex');
    const results = await Promise.all([
      exchangeThrough('mtcute', key.publicKey, targets(way, forms, other)),
      exchangeThrough('telethon', key.publicKey, targets(way, hexForms, other)),
      Promise.all(targets(way, forms, other).map((target) => pingThrough('tdlib', target))),
    ]);
    const said = results.flat();
    expect(said.map(({ ok }) => ok)).toEqual(said.map(() => false));
    for (const { detail } of said) expect(detail).not.toMatch(/no answer in time/);
    expect(dcOf(way).accepted).toBe(before);
  });

  it.each(ways)('lets TDLib find the data centre under every form of secret, by $name', async (way) => {
    const results = await Promise.all(targets(way, forms).map((target) => pingThrough('tdlib', target)));
    const pong = { ok: true, detail: expect.stringMatching(/^pong after/) as string };
    expect(results).toEqual(forms.map(() => pong));
    for (let count = 0; count < forms.length; count += 1) {
      const connection = await dcOf(way).nextConnection();
      expect((await connection.nextRequest()).method).toBe('req_pq_multi');
    }
  });
});
