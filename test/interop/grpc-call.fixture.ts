import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import http2 from 'node:http2';

/** What a gRPC call ended with; status 0 is success. */
export interface GrpcResult {
  readonly status: number;
  readonly message: string;
  /** The first message that came back. */
  readonly answer: Buffer;
}

/** A field of a protobuf message. Numbers come as they are, everything else as its bytes. */
export interface WireField {
  readonly number: number;
  readonly value: Buffer | number;
}

/** One gRPC call by bytes, so that nothing but the wire itself is agreed on. */
export async function grpcCall(port: number, path: string, request: Uint8Array): Promise<GrpcResult> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  // An error of the session ends its streams with it.
  session.on('error', () => undefined);
  try {
    const stream = session.request(headersOf(path));
    let headers: http2.IncomingHttpHeaders = {};
    const add = (received: http2.IncomingHttpHeaders): void => {
      headers = { ...headers, ...received };
    };
    stream.on('response', add).on('trailers', add);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.end(framed(request));
    await once(stream, 'close');
    const body = Buffer.concat(chunks);
    return {
      status: Number(headers['grpc-status'] ?? -1),
      message: decodeURIComponent(String(headers['grpc-message'] ?? '')),
      answer: body.length < 5 ? Buffer.alloc(0) : body.subarray(5, 5 + body.readUInt32BE(1)),
    };
  } finally {
    session.destroy();
  }
}

/** Messages that a call streams, as they come; the test's time limit bounds each wait. */
export async function* grpcStream(port: number, path: string, request: Uint8Array): AsyncGenerator<Buffer, void> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  try {
    const stream = session.request(headersOf(path));
    stream.end(framed(request));
    let left = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      left = Buffer.concat([left, chunk]);
      while (left.length >= 5 && left.length >= 5 + left.readUInt32BE(1)) {
        const end = 5 + left.readUInt32BE(1);
        yield left.subarray(5, end);
        left = left.subarray(end);
      }
    }
  } finally {
    session.destroy();
  }
}

/** A field with a length: a text, bytes, or a message. */
export function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

export function typedMessage(type: string, value: string | Uint8Array): Buffer {
  return Buffer.concat([field(1, type), field(2, value)]);
}

/** The fields of a message, in their order. */
export function fieldsOf(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const read = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = read();
    const number = tag >>> 3;
    if ((tag & 7) === 0) fields.push({ number, value: read() });
    else if ((tag & 7) === 2) {
      const length = read();
      fields.push({ number, value: message.subarray(at, at + length) });
      at += length;
    } else throw new RangeError(`wire type ${tag & 7}`);
  }
  return fields;
}

/** The messages (or texts) that a field holds. */
export function allOf(message: Buffer, number: number): Buffer[] {
  return fieldsOf(message).flatMap((one) => (one.number === number && Buffer.isBuffer(one.value) ? [one.value] : []));
}

function varint(value: number): Buffer {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) {
      bytes.push(rest);
      return Buffer.from(bytes);
    }
    bytes.push((rest & 0x7f) | 0x80);
  }
}

function headersOf(path: string): http2.OutgoingHttpHeaders {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}

/** A message as gRPC sends it: not compressed, with its length. */
function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
