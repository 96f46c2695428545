import { gunzipSync } from 'node:zlib';
import type { MadeKey } from './key-exchange.js';
import { openMessage, sealMessage, type Message } from './message-cipher.js';
import { bytesOf, long, TlReader, word } from './tl.js';

/** A method that a client called, encrypted, and got an answer to. */
export interface SeenCall {
  /** `help.getNearestDc` is answered with a nearestDc, any other with rpc_error 400. */
  readonly method: 'ping' | 'help.getNearestDc' | 'other';
  /** The constructor of what was called: behind invokeWithLayer and its like for the methods known here. */
  readonly constructorId: number;
  /** It came packed. */
  readonly gzip: boolean;
  /** It came with others in one container. */
  readonly inContainer: boolean;
}

export interface DcSessionOptions {
  /** Of the key that messages name. */
  readonly keyById: (id: bigint) => MadeKey | undefined;
  /** What nearestDc says in the place of a country: by it a client can tell whose answer it got. */
  readonly country: string;
  readonly dc: number;
  readonly onCall: (call: SeenCall) => void;
}

const constructors = {
  container: 0x73f1f8dc,
  gzipPacked: 0x3072cfa1,
  msgsAck: 0x62d6b459,
  ping: 0x7abe77ec,
  pingDelayDisconnect: 0xf3427b8c,
  pong: 0x347773c5,
  getFutureSalts: 0xb921bd04,
  futureSalts: 0xae500895,
  badServerSalt: 0xedab447b,
  rpcResult: 0xf35c6d01,
  rpcError: 0x2144ca19,
  getNearestDc: 0x1fb33026,
  nearestDc: 0x8e1a1775,
};
/** The key's id and the message key. */
const headerLength = 24;
const blockLength = 16;
const wrongSalt = 48;
const unpackedLimit = 1 << 20;
/** Seconds that a message id may lie in the past and in the future. */
const oldest = 300;
const newest = 30;

/** The encrypted half of a connection: takes messages as an MTProto 2.0 server does, and answers each call. */
export class DcSession {
  readonly #options: DcSessionOptions;
  #lastId = 0n;
  #answers = 0;

  constructor(options: DcSessionOptions) {
    this.#options = options;
  }

  /** The answers, encrypted. @throws Error something that no server takes. */
  receive(sealed: Buffer): Buffer[] {
    const key = this.#options.keyById(sealed.readBigUInt64LE());
    if (key === undefined) throw new Error('a message under a key that was not made here');
    // The padded framing leaves up to three words behind the blocks.
    const blocks = sealed.length - ((sealed.length - headerLength) % blockLength);
    const message = openMessage(key.authKey, 'client', sealed.subarray(0, blocks));
    checkId(message.id);
    const answers =
      message.salt === key.salt
        ? this.#answer(message, { gzip: false, inContainer: false })
        : [badServerSalt(message, key.salt)];
    return answers.map((body) => {
      const sequence = 2 * this.#answers + 1;
      this.#answers += 1;
      const { salt, session } = { salt: key.salt, session: message.session };
      return sealMessage(key.authKey, 'server', { salt, session, id: this.#nextId(), sequence, body });
    });
  }

  #answer(message: Pick<Message, 'id' | 'body'>, how: Pick<SeenCall, 'gzip' | 'inContainer'>): Buffer[] {
    const reader = new TlReader(message.body);
    const constructorId = reader.word();
    switch (constructorId) {
      case constructors.container: {
        if (how.inContainer) throw new Error('a container in a container');
        return readContainer(reader).flatMap((inner) => this.#answer(inner, { ...how, inContainer: true }));
      }
      case constructors.gzipPacked: {
        const body = gunzipSync(reader.bytes(), { maxOutputLength: unpackedLimit });
        return this.#answer({ id: message.id, body }, { ...how, gzip: true });
      }
      case constructors.msgsAck:
        return [];
      case constructors.ping:
      case constructors.pingDelayDisconnect:
        this.#options.onCall({ method: 'ping', constructorId, ...how });
        return [Buffer.concat([word(constructors.pong), long(message.id), long(reader.long())])];
      case constructors.getFutureSalts:
        // None: the one from the exchange stays.
        return [
          Buffer.concat([
            word(constructors.futureSalts),
            long(message.id),
            word(Math.floor(Date.now() / 1000)),
            word(0),
          ]),
        ];
      default:
        return [this.#answerCall(message, constructorId, how)];
    }
  }

  #answerCall(
    { id, body }: Pick<Message, 'id' | 'body'>,
    constructorId: number,
    how: Pick<SeenCall, 'gzip' | 'inContainer'>,
  ): Buffer {
    // It takes no arguments. Whatever it is wrapped in (invokeWithLayer, initConnection) ends with it.
    const isNearestDc = body.readUInt32LE(body.length - 4) === constructors.getNearestDc;
    const { country, dc, onCall } = this.#options;
    onCall(
      isNearestDc
        ? { method: 'help.getNearestDc', constructorId: constructors.getNearestDc, ...how }
        : { method: 'other', constructorId, ...how },
    );
    const result = isNearestDc
      ? [word(constructors.nearestDc), bytesOf(country), word(dc), word(dc)]
      : [word(constructors.rpcError), word(400), bytesOf('METHOD_UNKNOWN_HERE')];
    return Buffer.concat([word(constructors.rpcResult), long(id), ...result]);
  }

  /** Unix time in the upper half; answers are 1 modulo 4; each higher than the last. */
  #nextId(): bigint {
    const now = ((BigInt(Date.now()) << 32n) / 1000n / 4n) * 4n + 1n;
    this.#lastId = now > this.#lastId ? now : this.#lastId + 4n;
    return this.#lastId;
  }
}

function readContainer(reader: TlReader): Pick<Message, 'id' | 'body'>[] {
  const count = reader.word();
  return Array.from({ length: Math.min(count, 1024) }, () => {
    const id = reader.long();
    checkId(id);
    reader.word();
    return { id, body: reader.take(reader.word()) };
  });
}

function checkId(id: bigint): void {
  if (id % 4n !== 0n) throw new Error("a client's message id that is not a multiple of 4");
  const age = Date.now() / 1000 - Number(id >> 32n);
  if (age > oldest || age < -newest) throw new Error(`a message id that is ${Math.round(age)} seconds old`);
}

function badServerSalt(message: Message, salt: bigint): Buffer {
  const { badServerSalt: constructor } = constructors;
  return Buffer.concat([word(constructor), long(message.id), word(message.sequence), word(wrongSalt), long(salt)]);
}
