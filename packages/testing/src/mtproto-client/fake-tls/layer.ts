import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Incoming } from '../incoming.js';
import { createClientHello, fragmentRecord, type ClientHelloOptions, type FakeClientHello } from './client-hello.js';
import { changeCipherSpec, encodeRecords, RecordReader } from './records.js';
import { FakeTlsError, readServerFlight, type ServerFlight } from './server-flight.js';

export interface FakeTlsOptions extends Partial<Omit<ClientHelloOptions, 'key'>> {
  /** A hello made earlier (by {@link createClientHello}), to be sent again as it is. */
  readonly hello?: FakeClientHello;
  /** Offsets into the hello's record payload at which it is cut into further records. */
  readonly recordCuts?: readonly number[];
  /** Offsets into what is sent of the hello at which a piece ends, each sent by itself. */
  readonly writeCuts?: readonly number[];
  /** Payload of the records that the client sends, in bytes; default 2878, as TDLib. */
  readonly recordLength?: number;
}

/** The client's side of fake TLS once both have said hello. */
export interface FakeTlsLayer {
  readonly hello: FakeClientHello;
  readonly flight: ServerFlight;
  /** Payload lengths of the records that have come since, in order. */
  readonly recordLengths: readonly number[];
  /** Bytes as they go out: in records, the first of them behind a ChangeCipherSpec. */
  encode(bytes: Uint8Array): Buffer;
}

/**
 * Says hello, checks the answer and takes the records off what comes then.
 * @throws FakeTlsError if Telegram's clients would not take the answer
 */
export async function shakeHands(
  socket: Socket,
  incoming: Incoming,
  key: Uint8Array,
  domain: string,
  options: FakeTlsOptions,
): Promise<FakeTlsLayer> {
  const hello = options.hello ?? createClientHello({ serverName: domain, ...options, key });
  const sent = options.recordCuts === undefined ? hello.record : fragmentRecord(hello.record, options.recordCuts);
  await writeInPieces(socket, sent, options.writeCuts ?? []);
  const flight = await readServerFlight((length) => incoming.read(length), hello, key);
  // Android's clients take every byte that came along for a part of what the digest is over.
  if (incoming.length > 0) throw new FakeTlsError(`${incoming.length} bytes came behind the first flight`);
  const reader = new RecordReader();
  let hasSpoken = false;
  incoming.decodeBy((chunk) => {
    if (!hasSpoken) throw new FakeTlsError('the proxy spoke again before the client did');
    return reader.push(chunk);
  });
  return {
    hello,
    flight,
    recordLengths: reader.lengths,
    encode(bytes) {
      const records = encodeRecords(bytes, options.recordLength);
      const out = hasSpoken ? records : Buffer.concat([changeCipherSpec, records]);
      hasSpoken = true;
      return out;
    },
  };
}

async function writeInPieces(socket: Socket, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  const ends = [...cuts, bytes.length];
  for (const [i, end] of ends.entries()) {
    const piece = bytes.subarray(ends[i - 1] ?? 0, end);
    if (piece.length === 0) continue;
    // The next turn of the event loop: without Nagle's algorithm, a segment of its own.
    socket.write(piece);
    if (socket.writableNeedDrain) await once(socket, 'drain');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
