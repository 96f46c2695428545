import { Buffer } from 'node:buffer';
import { ipToBytes, SluiceError } from '@sluice/plugin-api';
import { packetType } from './packet-type.js';
import { checkRefusal } from './refusal.js';
import type { Side } from './session-keys.js';

/** `type | flags | sender's process | receiver's process`; a process is `IPv4 u32 | port u16 | pid u16 | start u32`. */
const FLAGS_AT = 4;
const SENDER_AT = 8;
const RECEIVER_AT = 20;
const LENGTH = 32;
const PID_LENGTH = 12;

const LOOPBACK = 0x7f000001;
const startedAt = Math.floor(Date.now() / 1000 - process.uptime());

/** Names both processes. We offer no options, so the flags are 0. */
export function encodeHandshake(us: Side, server: Side): Buffer {
  const body = Buffer.alloc(LENGTH);
  body.writeUInt32LE(packetType.handshake, 0);
  body.writeUInt32LE(ipv4(us.address), SENDER_AT);
  // Not a server: no port.
  body.writeUInt16LE(process.pid & 0xffff, SENDER_AT + 6);
  body.writeUInt32LE(startedAt, SENDER_AT + 8);
  body.writeUInt32LE(ipv4(server.address), RECEIVER_AT);
  body.writeUInt16LE(server.port, RECEIVER_AT + 4);
  return body;
}

/**
 * Checks the middle proxy's answer to our handshake.
 * @param sent our handshake
 * @throws SluiceError E_PROTOCOL, E_AUTH, E_UNSUPPORTED
 */
export function checkHandshake(body: Buffer, sent: Buffer): void {
  checkRefusal(body);
  if (body.readUInt32LE(0) !== packetType.handshake || body.length !== LENGTH) {
    throw new SluiceError('E_PROTOCOL', 'the middle proxy did not answer the handshake with one');
  }
  if (body.readUInt32LE(FLAGS_AT) !== 0) {
    throw new SluiceError('E_UNSUPPORTED', 'the middle proxy asks for options that were not offered');
  }
  const us = sent.subarray(SENDER_AT, SENDER_AT + PID_LENGTH);
  if (!body.subarray(RECEIVER_AT, RECEIVER_AT + PID_LENGTH).equals(us)) {
    throw new SluiceError('E_PROTOCOL', 'the middle proxy answered the handshake of another process');
  }
}

/** 0 where there is none to tell. */
function ipv4(address: string): number {
  const bytes = ipToBytes(address);
  if (bytes.length !== 4) return 0;
  const word = Buffer.from(bytes).readUInt32BE(0);
  return word === LOOPBACK ? 0 : word;
}
