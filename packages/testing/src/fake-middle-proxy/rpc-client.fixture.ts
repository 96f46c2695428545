import { createCipheriv, createDecipheriv, createHash, randomBytes, type Cipher, type Decipher } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Little-endian words in hex, as the tests write them. */
export const words = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => bytes.writeUInt32LE(number >>> 0, 4 * index));
  return bytes;
};

const polynomial = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (polynomial[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}

export function frame(sequence: number, body: Uint8Array): Buffer {
  const head = Buffer.concat([words(body.length + 12, sequence), body]);
  return Buffer.concat([head, words(crc(head))]);
}

export interface RpcClientOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: Buffer;
  /** The address that goes into the keys as this end's; default: the socket's. */
  readonly ownAddress?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  readonly selector?: Buffer;
  readonly schema?: number;
  /** Appended to the nonce frame. */
  readonly afterNonce?: Buffer;
  readonly handshakeFlags?: number;
  readonly peer?: Buffer;
}

/** The proxy's end of a connection to a middle proxy, as small as it can be, and none of the fake's own code in it. */
export class RpcClient {
  readonly socket: Socket;
  readonly #options: RpcClientOptions;
  readonly #chunks: AsyncIterator<Buffer>;
  /** What the server answered to the nonce. */
  nonceAnswer: Buffer = Buffer.alloc(0);
  #plain: Buffer = Buffer.alloc(0);
  #cipher: Cipher | undefined;
  #decipher: Decipher | undefined;
  #sent = -2;
  #received = -2;

  private constructor(socket: Socket, options: RpcClientOptions) {
    this.socket = socket;
    this.#options = options;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  static async connect(options: RpcClientOptions): Promise<RpcClient> {
    const socket = connect({ host: options.host, port: options.port, noDelay: true });
    await once(socket, 'connect');
    return new RpcClient(socket, options);
  }

  /** Connects and shakes hands. */
  static async open(options: RpcClientOptions): Promise<RpcClient> {
    const client = await RpcClient.connect(options);
    await client.exchangeNonces();
    await client.shakeHands();
    return client;
  }

  async exchangeNonces(): Promise<void> {
    const { secret, schema = 1, selector = secret.subarray(0, 4) } = this.#options;
    const timestamp = words(this.#options.timestamp ?? Math.floor(Date.now() / 1000));
    const nonce = randomBytes(16);
    const packet = Buffer.concat([words(0x7acb87aa), selector, words(schema), timestamp, nonce]);
    this.socket.write(Buffer.concat([frame(this.#sent++, packet), this.#options.afterNonce ?? Buffer.alloc(0)]));
    const answer = await this.next();
    if (answer.readUInt32LE() !== 0x7acb87aa || answer.length !== 32) throw new Error('no nonce');
    this.nonceAnswer = answer;
    this.#startCiphers(answer.subarray(16), nonce, timestamp);
  }

  async shakeHands(): Promise<Buffer> {
    const own = Buffer.concat([words(0, 0x1234_0000), words(99)]);
    const peer = this.#options.peer ?? Buffer.alloc(12);
    this.send(Buffer.concat([words(0x7682eef5, this.#options.handshakeFlags ?? 0), own, peer]));
    const answer = await this.next();
    if (answer.readUInt32LE() !== 0x7682eef5 || answer.length !== 32) throw new Error('no handshake');
    if (!answer.subarray(20).equals(own)) throw new Error('a handshake for another process');
    return answer;
  }

  /** A frame of its own, filled up to whole blocks. */
  send(body: Uint8Array): void {
    this.sendPlain(frame(this.#sent++, body));
  }

  sendPlain(bytes: Uint8Array): void {
    const filler = Array.from({ length: ((16 - (bytes.length % 16)) % 16) / 4 }, () => words(4));
    const whole = Buffer.concat([bytes, ...filler]);
    this.socket.write(this.#cipher === undefined ? whole : this.#cipher.update(whole));
  }

  /** The body of the next frame. */
  async next(): Promise<Buffer> {
    while ((await this.#peek()) === 4) this.#plain = this.#plain.subarray(4);
    const length = await this.#peek();
    if (length < 16 || length > 1 << 24 || length % 4 !== 0) throw new Error(`a frame of ${length} bytes`);
    await this.#fill(length);
    const bytes = this.#plain.subarray(0, length);
    this.#plain = this.#plain.subarray(length);
    if (crc(bytes.subarray(0, -4)) !== bytes.readUInt32LE(length - 4)) throw new Error('a wrong checksum');
    if (bytes.readInt32LE(4) !== this.#received) throw new Error(`frame ${bytes.readInt32LE(4)}`);
    this.#received += 1;
    return Buffer.from(bytes.subarray(8, -4));
  }

  /** Says that nothing more will come, so that all before it is read. */
  end(): void {
    this.socket.end();
  }

  async close(): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close').catch(() => undefined);
  }

  async #peek(): Promise<number> {
    await this.#fill(4);
    return this.#plain.readUInt32LE();
  }

  async #fill(length: number): Promise<void> {
    while (this.#plain.length < length) {
      const next: IteratorResult<Buffer, unknown> = await this.#chunks.next();
      if (next.done === true) throw new Error(`the connection ended with ${this.#plain.length} of ${length} bytes`);
      this.#plain = Buffer.concat([this.#plain, this.#decipher?.update(next.value) ?? next.value]);
    }
  }

  #startCiphers(serverNonce: Buffer, nonce: Buffer, timestamp: Buffer): void {
    const { host, port, secret, ownAddress = this.socket.localAddress ?? '' } = this.#options;
    const isIpv6 = host.includes(':');
    const ip4 = (text: string) => (isIpv6 ? Buffer.alloc(4) : Buffer.from(text.split('.').map(Number).reverse()));
    // ::1 is the only IPv6 address on loopback.
    const ip6 = Buffer.from('00000000000000000000000000000001', 'hex');
    const key = (purpose: string) => {
      const ports = words(((port << 16) >>> 0) + (this.socket.localPort ?? 0));
      const all = Buffer.concat([
        ...[serverNonce, nonce, timestamp, ip4(host), ports.subarray(0, 2), Buffer.from(purpose), ip4(ownAddress)],
        ...[ports.subarray(2), secret, serverNonce, ...(isIpv6 ? [ip6, ip6] : []), nonce],
      ]);
      const hash = (name: string, from: number) => createHash(name).update(all.subarray(from)).digest();
      return [Buffer.concat([hash('md5', 1).subarray(0, 12), hash('sha1', 0)]), hash('md5', 2)] as const;
    };
    this.#cipher = createCipheriv('aes-256-cbc', ...key('CLIENT')).setAutoPadding(false);
    this.#decipher = createDecipheriv('aes-256-cbc', ...key('SERVER')).setAutoPadding(false);
  }
}

export interface RequestFields {
  readonly id?: bigint;
  /** In hex; default: abridged, tagged. */
  readonly flags?: number;
  readonly clientIp?: string;
  readonly clientPort?: number;
  readonly proxyIp?: string;
  readonly proxyPort?: number;
  /** In hex; the whole block. */
  readonly extra?: string;
  readonly data?: Uint8Array;
}

export const tag = '00112233445566778899aabbccddeeff';
export const tagBlock = (hex = tag): string => `18000000ae261edb10${hex}000000`;

/** A PROXY_REQ from its fields. Addresses are 16 bytes in hex. */
export function request(fields: RequestFields = {}): Buffer {
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(fields.id ?? 7n);
  const extra = Buffer.from(fields.extra ?? tagBlock(), 'hex');
  return Buffer.concat([
    words(0x36cef1ee, fields.flags ?? 0x40021008),
    id,
    Buffer.from(fields.clientIp ?? '00000000000000000000ffffc0000201', 'hex'),
    words(fields.clientPort ?? 50_000),
    Buffer.from(fields.proxyIp ?? '00000000000000000000ffff7f000001', 'hex'),
    words(fields.proxyPort ?? 443),
    extra,
    fields.data ?? Buffer.alloc(64, 0xa5),
  ]);
}
