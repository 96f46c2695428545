import type { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { packetType } from './packet-type.js';

/** `type | error i32 | process` */
const ERROR_AT = 4;

/** A middle proxy may answer either step of the handshake with an error. @throws SluiceError E_AUTH */
export function checkRefusal(body: Buffer): void {
  if (body.readUInt32LE(0) !== packetType.handshakeError || body.length < ERROR_AT + 4) return;
  throw new SluiceError('E_AUTH', `the middle proxy refused the handshake with error ${body.readInt32LE(ERROR_AT)}`);
}
