import { constants, createDiffieHellman, createHash, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { DcAnswers, isEncrypted, type DcKeys } from './answers.js';
import { generator, prime } from './auth-key/diffie-hellman.js';
import { decryptIge, encryptIge, xor } from './auth-key/ige.js';
import { temporaryKeyOf, type MadeKey } from './auth-key/key-exchange.js';
import { openMessage, sealMessage } from './auth-key/message-cipher.js';
import { makeDcKey } from './auth-key/rsa-key.js';
import type { SeenCall } from './auth-key/session.js';
import { bytesOf, long, TlReader, word } from './auth-key/tl.js';
import { decodeResPq, encodePqRequest, unwrap } from './res-pq.js';

const key = makeDcKey();
const sha1 = (...parts: Uint8Array[]): Buffer => createHash('sha1').update(Buffer.concat(parts)).digest();
const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const nowId = (): bigint => ((BigInt(Date.now()) << 32n) / 1000n / 4n) * 4n;
const [p, q] = [word(1244159563).reverse(), word(1558201013).reverse()];

let made: MadeKey[];
let calls: SeenCall[];
let keys: DcKeys;
let answers: DcAnswers;

beforeEach(() => {
  made = [];
  calls = [];
  keys = { key, fingerprint: key.fingerprint, made: new Map() };
  answers = new DcAnswers(keys, 2, {
    onRequest: () => undefined,
    onKey: (one) => made.push(one),
    onCall: (one) => calls.push(one),
  });
});

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const toBytes = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(512, '0'), 'hex');
const own = createDiffieHellman(prime, generator);
const ownNumber = toNumber(own.generateKeys());
const ownSecret = (serverNumber: Buffer): bigint => toNumber(own.computeSecret(serverNumber));

/** What a client can do wrong, each by itself. */
interface Faults {
  readonly old?: boolean;
  readonly innerId?: number;
  readonly innerTail?: Buffer;
  readonly outerNonce?: Buffer;
  readonly innerNonce?: Buffer;
  readonly fingerprint?: bigint;
  readonly p?: Buffer;
  readonly innerP?: Buffer;
  readonly spoilRsa?: boolean;
  readonly tail?: Buffer;
  readonly publicNumber?: Buffer;
  readonly retryId?: bigint;
  readonly spoilHash?: boolean;
  readonly untilZero?: boolean;
}

/** The client's side of an exchange. */
class Client {
  readonly nonce = randomBytes(16);
  readonly newNonce = randomBytes(32);
  serverNonce: Buffer = Buffer.alloc(16);
  serverNumber: Buffer = Buffer.alloc(0);
  authKey: Buffer = Buffer.alloc(0);

  start(): void {
    const resPq = decodeResPq(one(answers.to(encodePqRequest({ method: 'req_pq_multi', nonce: this.nonce }))));
    expect(resPq).toMatchObject({ nonce: this.nonce, fingerprints: [key.fingerprint] });
    this.serverNonce = resPq?.serverNonce ?? this.serverNonce;
  }

  requestParams(faults: Faults = {}): void {
    const inner = Buffer.concat([
      word(faults.innerId ?? 0x83c95aec),
      bytesOf(Buffer.from('1ae778884c7a0107', 'hex')),
      bytesOf(faults.innerP ?? p),
      bytesOf(q),
      faults.innerNonce ?? this.nonce,
      this.serverNonce,
      this.newNonce,
      faults.innerTail ?? Buffer.alloc(0),
    ]);
    let block = Buffer.concat([Buffer.alloc(1), sha1(inner), inner, randomBytes(235 - inner.length)]);
    // Others are too large for the modulus: clients try again, too.
    while (faults.old !== true && (block[0] === 0 || block.readUInt8() > 0x7f)) {
      const padded = Buffer.concat([inner, randomBytes(192 - inner.length)]);
      const temporary = randomBytes(32);
      const reversed = Buffer.concat([Buffer.from(padded).reverse(), sha256(temporary, padded)]);
      const sealed = encryptIge(temporary, Buffer.alloc(32), reversed);
      block = Buffer.concat([xor(temporary, sha256(sealed)), sealed]);
    }
    if (faults.spoilRsa === true) block[100] = block.readUInt8(100) ^ 1;
    const rsa = { key: createPublicKey(key.publicKey), padding: constants.RSA_NO_PADDING };
    const body = Buffer.concat([
      word(0xd712e4be),
      faults.outerNonce ?? this.nonce,
      this.serverNonce,
      bytesOf(faults.p ?? p),
      bytesOf(q),
      long(faults.fingerprint ?? key.fingerprint),
      bytesOf(publicEncrypt(rsa, block)),
      faults.tail ?? Buffer.alloc(0),
    ]);
    const reader = this.#ask(body, 0xd0e8075c);
    const { key: aesKey, iv } = temporaryKeyOf(this.newNonce, this.serverNonce);
    const opened = decryptIge(aesKey, iv, reader.bytes());
    const answer = new TlReader(opened.subarray(20));
    expect(answer.word()).toBe(0xb5890dba);
    expect([answer.take(16), answer.take(16)]).toEqual([this.nonce, this.serverNonce]);
    expect([answer.word(), answer.bytes()]).toEqual([generator, prime]);
    this.serverNumber = Buffer.from(answer.bytes());
    expect(Math.abs(answer.word() - Date.now() / 1000)).toBeLessThan(60);
    expect(sha1(opened.subarray(20, 20 + answer.position))).toEqual(opened.subarray(0, 20));
  }

  /** The answer's constructor. */
  finish(faults: Faults = {}): number {
    const [modulus, step, serverNumber] = [prime, word(generator).reverse(), this.serverNumber].map(toNumber);
    let number = ownNumber;
    let secret = ownSecret(this.serverNumber);
    // The next private number is one more.
    while ((secret >> 2040n === 0n) !== (faults.untilZero ?? false)) {
      number = (number * step!) % modulus!;
      secret = (secret * serverNumber!) % modulus!;
    }
    this.authKey = toBytes(secret);
    const inner = Buffer.concat([
      word(0x6643b654),
      this.nonce,
      this.serverNonce,
      long(faults.retryId ?? 0n),
      bytesOf(faults.publicNumber ?? toBytes(number)),
    ]);
    const hash = sha1(inner);
    if (faults.spoilHash === true) hash[0] = hash.readUInt8() ^ 1;
    const plain = Buffer.concat([hash, inner, randomBytes(-(20 + inner.length) & 15)]);
    const { key: aesKey, iv } = temporaryKeyOf(this.newNonce, this.serverNonce);
    const sealed = bytesOf(encryptIge(aesKey, iv, plain));
    const body = Buffer.concat([word(0xf5045f1f), this.nonce, this.serverNonce, sealed]);
    const reader = this.#ask(body);
    const constructor = reader.word();
    expect([reader.take(16), reader.take(16)]).toEqual([this.nonce, this.serverNonce]);
    const digit = constructor === 0x3bcbf734 ? 1 : 2;
    expect(reader.take(16)).toEqual(sha1(this.newNonce, Buffer.of(digit), this.auxHash).subarray(4));
    return constructor;
  }

  /** As clients have it that lose a key's leading zeros. */
  get auxHash(): Buffer {
    const key = this.authKey;
    return sha1(key.subarray(key.findIndex((byte) => byte !== 0))).subarray(0, 8);
  }

  get salt(): bigint {
    return xor(this.newNonce.subarray(0, 8), this.serverNonce).readBigUInt64LE();
  }

  /** What the data centre says to an encrypted message, as bodies. */
  say(body: Buffer, { salt = this.salt, id = nowId() } = {}): Buffer[] {
    const sealed = sealMessage(this.authKey, 'client', { salt, session: 7n, id, sequence: 1, body });
    return answers.to(sealed).map((answer) => {
      expect(isEncrypted(answer)).toBe(true);
      const opened = openMessage(this.authKey, 'server', answer);
      expect(opened).toMatchObject({ salt: this.salt, session: 7n });
      expect(opened.id % 4n).toBe(1n);
      return opened.body;
    });
  }

  #ask(body: Buffer, constructor?: number): TlReader {
    const envelope = Buffer.concat([long(0n), long(nowId()), word(body.length)]);
    const answer = unwrap(one(answers.to(Buffer.concat([envelope, body])))) ?? Buffer.alloc(0);
    const reader = new TlReader(answer);
    if (constructor === undefined) return reader;
    expect(reader.word()).toBe(constructor);
    expect([reader.take(16), reader.take(16)]).toEqual([this.nonce, this.serverNonce]);
    return reader;
  }
}

function one<T>(list: readonly T[]): T {
  expect(list).toHaveLength(1);
  return list[0]!;
}

function exchange(faults: Faults = {}): Client {
  const client = new Client();
  client.start();
  client.requestParams(faults);
  expect(client.finish(faults)).toBe(0x3bcbf734);
  return client;
}

describe('a key exchange', () => {
  it.each([
    ['the old padding', { old: true }, { padding: 'sha1' }],
    ['RSA_PAD', {}, { padding: 'rsa-pad' }],
    ['a data centre', { innerId: 0xa9f55f95, innerTail: word(-10_002) }, { padding: 'rsa-pad', dc: -10_002 }],
    ['a temporary key', { innerId: 0x3c6a84d4, innerTail: word(60), old: true }, { padding: 'sha1', expiresIn: 60 }],
    [
      'a temporary key of a data centre',
      { innerId: 0x56fddf88, innerTail: Buffer.concat([word(3), word(60)]) },
      { padding: 'rsa-pad', dc: 3, expiresIn: 60 },
    ],
  ] as const)('ends with the same key on both sides, with %s', (_name, how, expected) => {
    const { authKey, salt } = exchange(how);
    const keyId = sha1(authKey).readBigUInt64LE(12);
    expect(made).toEqual([{ authKey, keyId, salt, ...expected }]);
    expect(keys.made.get(keyId)).toBe(made[0]);
  });

  it('asks for another number when the key would begin with zero', () => {
    const client = new Client();
    client.start();
    client.requestParams();
    expect(client.finish({ untilZero: true })).toBe(0x46dc1fb9);
    expect(made).toEqual([]);
    const retryId = client.auxHash.readBigUInt64LE();
    expect(client.finish({ retryId })).toBe(0x3bcbf734);
    expect(made).toHaveLength(1);
  });

  it.each<[string, RegExp, Faults]>([
    ['another nonce outside', /other nonces/, { outerNonce: Buffer.alloc(16) }],
    ['another nonce inside', /other nonces inside/, { innerNonce: Buffer.alloc(16) }],
    ['another RSA key', /another RSA key/, { fingerprint: 1n }],
    ['other factors outside', /other numbers/, { p: word(3).reverse() }],
    ['wrong factors', /taken apart/, { p: word(3).reverse(), innerP: word(3).reverse() }],
    ['spoilt RSA_PAD', /neither padding/, { spoilRsa: true }],
    ['spoilt old padding', /neither padding/, { spoilRsa: true, old: true }],
    ['an unknown object', /neither padding|no p_q_inner_data/, { innerId: 1 }],
    ['bytes behind the end', /behind the end/, { tail: word(0) }],
    ['a spoilt hash', /hash is wrong/, { spoilHash: true }],
    ['a retry that nobody asked for', /retry_id/, { retryId: 1n }],
    ['the number 1', /key/i, { publicNumber: Buffer.of(1) }],
  ])('does not go on after %s', (_name, reason, faults) => {
    expect(() => exchange(faults)).toThrow(reason);
    expect(made).toEqual([]);
  });

  it('goes only in its order', () => {
    const client = new Client();
    expect(() => client.requestParams()).toThrow(/begin with req_pq/);
    client.start();
    client.serverNumber = Buffer.of(generator);
    expect(() => client.finish()).toThrow(/before req_DH_params/);
    client.requestParams();
    expect(() => client.requestParams()).toThrow(/second/);
  });
});

describe('encrypted calls', () => {
  const ping = Buffer.concat([word(0x7abe77ec), long(42n)]);
  const nearestDc = Buffer.concat([word(0xda9b0d0d), word(200), word(0x1fb33026)]);
  const isNearest = (id: bigint): Buffer =>
    Buffer.concat([
      ...[word(0xf35c6d01), long(id), word(0x8e1a1775), bytesOf(key.fingerprint.toString(16))],
      ...[word(2), word(2)],
    ]);
  const pong = (id: bigint): Buffer => Buffer.concat([word(0x347773c5), long(id), long(42n)]);

  it('are answered: ping and help.getNearestDc', () => {
    const client = exchange();
    const id = nowId();
    expect(client.say(ping, { id })).toEqual([pong(id)]);
    expect(client.say(nearestDc, { id: id + 4n })).toEqual([isNearest(id + 4n)]);
    expect(calls.map(({ method }) => method)).toEqual(['ping', 'help.getNearestDc']);
  });

  it('are answered when packed, and each in a container; acknowledgements are not', () => {
    const client = exchange();
    const id = nowId();
    const packed = Buffer.concat([word(0x3072cfa1), bytesOf(gzipSync(nearestDc))]);
    const acks = Buffer.concat([word(0x62d6b459), word(0x1cb5c415), word(0)]);
    const inner = [ping, acks, packed].map((body, index) =>
      Buffer.concat([long(id + 4n * BigInt(index)), word(1), word(body.length), body]),
    );
    const container = Buffer.concat([word(0x73f1f8dc), word(inner.length), ...inner]);
    expect(client.say(container, { id: id + 16n })).toEqual([pong(id), isNearest(id + 8n)]);
    expect(calls.map(({ gzip, inContainer }) => ({ gzip, inContainer }))).toEqual([
      { gzip: false, inContainer: true },
      { gzip: true, inContainer: true },
    ]);
  });

  it('are refused politely when nobody knows them', () => {
    const client = exchange();
    const id = nowId();
    const refusal = [word(0xf35c6d01), long(id), word(0x2144ca19), word(400), bytesOf('METHOD_UNKNOWN_HERE')];
    expect(client.say(word(0x12345678), { id })).toEqual([Buffer.concat(refusal)]);
    expect(one(calls)).toMatchObject({ method: 'other', constructorId: 0x12345678 });
  });

  it('are sent again with the right salt, which the answer names', () => {
    const client = exchange();
    const id = nowId();
    const answer = [word(0xedab447b), long(id), word(1), word(48), long(client.salt)];
    expect(client.say(ping, { id, salt: 0n })).toEqual([Buffer.concat(answer)]);
    expect(calls).toEqual([]);
  });

  it.each([
    ['an old message id', /seconds old/, (client: Client) => client.say(ping, { id: nowId() - (400n << 32n) })],
    ['one from the future', /seconds old/, (client: Client) => client.say(ping, { id: nowId() + (60n << 32n) })],
    ["a server's message id", /multiple of 4/, (client: Client) => client.say(ping, { id: nowId() + 1n })],
    ['a container in a container', /container in a container/, (client: Client) => client.say(nested())],
    ['more in a container than it has', /ends within/, (client: Client) => client.say(emptyContainer(3))],
  ])('end with %s', (_name, reason, act) => {
    const client = exchange();
    expect(() => act(client)).toThrow(reason);
    expect(calls).toEqual([]);
  });

  it('need a key that was made here', () => {
    const client = exchange();
    client.authKey = randomBytes(256);
    expect(() => client.say(ping)).toThrow(/not made here/);
  });

  const emptyContainer = (count: number): Buffer => Buffer.concat([word(0x73f1f8dc), word(count)]);
  function nested(): Buffer {
    const inner = emptyContainer(0);
    return Buffer.concat([emptyContainer(1), long(nowId()), word(1), word(inner.length), inner]);
  }
});
