import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { SluiceError, type DataPlane, type Destination, type Endpoint, type Link } from '@sluice/plugin-api';
import { BODY_OFFSET, CIPHER_BLOCK, CRC_LENGTH, FRAME_OVERHEAD, HANDSHAKE_BODY, MAX_FRAME, WORD } from './frame.js';
import { FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { checkHandshake, encodeHandshake } from './handshake-packet.js';
import { decodeNonce, encodeNonce, type Nonce } from './nonce.js';
import { sessionCiphers, type SessionCiphers, type Side } from './session-keys.js';

/** In ms: two round trips and some patience. Telegram's own proxy waits 3 s, from the dial on. */
const TIME_LIMIT = 5000;

const HANDSHAKE_FRAME = FRAME_OVERHEAD + HANDSHAKE_BODY;
const MAX_WORDS = HANDSHAKE_FRAME / WORD;
/** The answer's frame and as much filler before it as could be meant. */
const MAX_BLOCKS = Math.ceil(HANDSHAKE_FRAME / CIPHER_BLOCK) + 1;

export interface HandshakeOptions {
  /** The middle proxy. */
  readonly to: Destination;
  readonly secret: Buffer;
  /** The IP address under which it sees us, where that is not the connection's own. */
  readonly natAddress: string | undefined;
  /** From the dialled connection to the end of the handshake, in ms; default 5 s. */
  readonly timeLimit?: number;
}

/** Both directions of a connection whose handshake is done. */
export interface RpcStreams extends SessionCiphers {
  readonly reader: FrameReader;
  readonly writer: FrameWriter;
}

/**
 * Exchanges nonces and handshakes on a fresh link to a middle proxy, which is closed if that fails.
 * @throws SluiceError E_HANDSHAKE_TIMEOUT, E_PROTOCOL, E_AUTH, E_UNSUPPORTED, or the connection's own
 */
export async function shakeHands(plane: DataPlane, link: Link, options: HandshakeOptions): Promise<RpcStreams> {
  const late = new SluiceError('E_HANDSHAKE_TIMEOUT', 'the middle proxy did not complete its handshake in time');
  const timer = plane.timers.after(options.timeLimit ?? TIME_LIMIT, () => link.destroy(late));
  try {
    return await exchange(link, options);
  } catch (error) {
    link.destroy();
    throw error;
  } finally {
    plane.timers.cancel(timer);
  }
}

async function exchange(link: Link, options: HandshakeOptions): Promise<RpcStreams> {
  const { secret } = options;
  // The frame layer checks these two bodies as any others, only that they may not be longer.
  const reader = new FrameReader(HANDSHAKE_FRAME);
  const writer = new FrameWriter();
  const ours: Nonce = { nonce: randomBytes(16), time: Math.floor(Date.now() / 1000) };
  link.write(writer.frames([[encodeNonce(ours, secret)]]));
  const answer = await readFrame(reader, MAX_WORDS, () => link.reader.readExactly(WORD));
  const theirs = decodeNonce(answer, ours, secret);
  if (link.reader.buffered.length > 0) {
    throw new SluiceError('E_PROTOCOL', 'the middle proxy sent more than its nonce before our handshake');
  }

  const { us, server } = sidesOf(link, options);
  const ciphers = sessionCiphers({ secret, ours, theirs, us, server });
  const handshake = encodeHandshake(us, server);
  link.write(ciphers.encipher.update(writer.blocks([[handshake]])));
  const back = await readFrame(reader, MAX_BLOCKS, async () =>
    ciphers.decipher.update(await link.reader.readExactly(CIPHER_BLOCK)),
  );
  checkHandshake(back, handshake);
  reader.limit = MAX_FRAME;
  return { ...ciphers, reader, writer };
}

/** The body of the next frame. @param times how often to read at most */
async function readFrame(reader: FrameReader, times: number, read: () => Promise<Buffer>): Promise<Buffer> {
  let body: Buffer | undefined;
  for (let i = 0; i < times && body === undefined; i += 1) {
    reader.write(await read(), (frame) => {
      body = frame.subarray(BODY_OFFSET, frame.length - CRC_LENGTH);
    });
  }
  if (body === undefined) throw new SluiceError('E_PROTOCOL', 'the middle proxy sent something else than a handshake');
  return body;
}

/** Both ends as the middle proxy sees them; the keys depend on them. */
function sidesOf(link: Link, { to, natAddress }: HandshakeOptions): { us: Side; server: Side } {
  const { local, remote } = link.conn;
  // Through another proxy, the connection's peer is that proxy.
  const server = { address: isIP(to.host) === 0 ? remote.address : to.host, port: to.port };
  return { us: seenFromOutside(local, natAddress, isIPv4(server.address)), server };
}

/** An endpoint of this machine with the address of that family that others see. */
export function seenFromOutside(endpoint: Endpoint, natAddress: string | undefined, isV4: boolean): Endpoint {
  if (natAddress === undefined || isIPv4(natAddress) !== isV4) return endpoint;
  return { address: natAddress, port: endpoint.port };
}
