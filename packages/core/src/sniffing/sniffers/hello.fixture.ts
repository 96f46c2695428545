import { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';

/** The first flight of OpenSSL, as this Node has it: one record with a ClientHello. */
export function opensslHello(options: ConnectionOptions = {}): Buffer {
  const sent: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      done();
    },
  });
  const tls = connect({ socket, ...options });
  tls.on('error', () => undefined);
  tls.destroy();
  return Buffer.concat(sent);
}

export interface HelloParts {
  /** Type and body of each; undefined: a hello without the list of them. */
  readonly extensions?: readonly (readonly [number, Buffer])[] | undefined;
  readonly sessionId?: Buffer;
}

/** A ClientHello message, header included, of the parts that matter here. */
export function helloMessage({ extensions, sessionId = Buffer.alloc(32, 7) }: HelloParts): Buffer {
  const body = [
    Buffer.of(3, 3),
    Buffer.alloc(32, 0xab),
    vector(1, sessionId),
    vector(2, Buffer.of(0x13, 1, 0x13, 2)),
    vector(1, Buffer.of(0)),
  ];
  if (extensions !== undefined) {
    const list = extensions.map(([type, content]) =>
      Buffer.concat([Buffer.of(type >> 8, type & 255), vector(2, content)]),
    );
    body.push(vector(2, Buffer.concat(list)));
  }
  return Buffer.concat([Buffer.of(1), vector(3, Buffer.concat(body))]);
}

/** The server_name extension with these names of type host_name. */
export function serverNames(...names: readonly string[]): readonly [number, Buffer] {
  const list = names.map((name) => Buffer.concat([Buffer.of(0), vector(2, Buffer.from(name, 'latin1'))]));
  return [0, vector(2, Buffer.concat(list))];
}

/** Handshake records with at most so many bytes each. */
export function records(message: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    parts.push(Buffer.of(22, 3, 1), vector(2, message.subarray(at, at + size)));
  }
  return Buffer.concat(parts);
}

/** Bytes behind their length. */
export function vector(lengthBytes: number, content: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
}
