import { Buffer } from 'node:buffer';
import { randomBytes, randomInt } from 'node:crypto';
import { SluiceError, type Link } from '@sluice/plugin-api';
import { keystreamOf } from '../../obfuscation/ctr.js';
import { dataCenterHeader } from '../../obfuscation/data-center-layer.js';

/** `req_pq_multi nonce:int128` and `resPQ nonce:int128 …`, the first step of every key exchange. */
const REQ_PQ_MULTI = 0xbe7e8ef1;
const RES_PQ = 0x05162463;
const NONCE_LENGTH = 16;
/** Of an unencrypted message: key id 0, message id, length. */
const ENVELOPE_LENGTH = 20;
const MAX_ANSWER = 1024;

export interface DataCenterAnswer {
  /** From the request to the answer. */
  readonly milliseconds: number;
  /** What the server's clock said, in ms since 1970: message ids are made of it. */
  readonly serverTime: number;
}

/**
 * Asks a server for what every Telegram client asks first, as the outbound speaks with it, and
 * checks that the answer is one to this very question.
 * @throws SluiceError E_PROTOCOL if not, or the link's own
 */
export async function askDataCenter(link: Link, dc: number): Promise<DataCenterAnswer> {
  const downMaterial = randomBytes(48);
  const { header, up } = dataCenterHeader({ framing: 'padded', dc, downMaterial }, true);
  const down = keystreamOf(downMaterial);
  const nonce = randomBytes(NONCE_LENGTH);
  const asked = performance.now();
  link.write(Buffer.concat([header, up.update(request(nonce))]));
  const length = down.update(await link.reader.readExactly(4)).readUInt32LE();
  if (length > MAX_ANSWER) throw foreign();
  const answer = down.update(await link.reader.readExactly(length));
  const milliseconds = Math.round(performance.now() - asked);
  return { milliseconds, serverTime: readAnswer(answer, nonce) };
}

function request(nonce: Buffer): Buffer {
  const body = Buffer.alloc(ENVELOPE_LENGTH + 4 + NONCE_LENGTH);
  body.writeBigUInt64LE(((BigInt(Date.now()) << 32n) / 1000n) & ~3n, 8);
  body.writeUInt32LE(4 + NONCE_LENGTH, 16);
  body.writeUInt32LE(REQ_PQ_MULTI, ENVELOPE_LENGTH);
  body.set(nonce, ENVELOPE_LENGTH + 4);
  const padding = randomBytes(randomInt(16));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length + padding.length);
  return Buffer.concat([length, body, padding]);
}

function readAnswer(answer: Buffer, nonce: Buffer): number {
  if (answer.length >= 4 && answer.length < ENVELOPE_LENGTH) {
    const code = answer.readInt32LE();
    throw new SluiceError('E_PROTOCOL', `answers with Telegram's error ${code}`);
  }
  if (answer.length < ENVELOPE_LENGTH + 4 + NONCE_LENGTH || answer.readBigUInt64LE() !== 0n) throw foreign();
  const body = answer.subarray(ENVELOPE_LENGTH);
  if (body.readUInt32LE() !== RES_PQ || !body.subarray(4, 4 + NONCE_LENGTH).equals(nonce)) throw foreign();
  return Number((answer.readBigUInt64LE(8) * 1000n) >> 32n);
}

function foreign(): SluiceError {
  return new SluiceError('E_PROTOCOL', 'answers, but not as a Telegram data centre does');
}
