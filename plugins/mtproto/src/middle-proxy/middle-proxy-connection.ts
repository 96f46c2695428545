import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';
import { SluiceError, type DataPlane, type Endpoint, type Link } from '@sluice/plugin-api';
import { BODY_OFFSET, CRC_LENGTH } from './rpc/frame.js';
import type { Body } from './rpc/frame-writer.js';
import type { HandshakeOptions } from './rpc/handshake.js';
import { packetType } from './rpc/packet-type.js';
import { readConnectionId, writeConnectionId } from './rpc/proxy-request.js';
import { RpcStream, type RpcReceiver } from './rpc/rpc-stream.js';

/** What the middle proxy says to one client of a connection. */
export interface ConnectionMember {
  /** A message for it stands in the frame at `start` to `end`; at least 8 bytes before and 4 behind are free. */
  answered(frame: Buffer, start: number, end: number): void;
  /** @param token 4 bytes, valid during the call */
  acknowledged(token: Buffer): void;
  /** Nothing more will come for it, and nothing more is taken from it. It is no member any more. */
  closedByPeer(): void;
  /** The connection takes bytes again. */
  drained(): void;
  /** The connection is gone. */
  lost(error: SluiceError): void;
}

/** Who has opened a connection. */
export interface ConnectionOwner {
  /** The last member has left. */
  connectionIdle(connection: MiddleProxyConnection): void;
  /** Called once. */
  connectionClosed(connection: MiddleProxyConnection): void;
}

/** `type | flags u32 | id u64 | message` */
const ANSWER_ID_AT = BODY_OFFSET + 8;
const ANSWER_DATA_AT = ANSWER_ID_AT + 8;
/** `type | id u64 | token` */
const ID_AT = BODY_OFFSET + 4;
const ACK_TOKEN_AT = ID_AT + 8;
const ACK_END = ACK_TOKEN_AT + 4;
/** `type | u64` */
const CONTROL_LENGTH = 12;
const CONTROL_END = BODY_OFFSET + CONTROL_LENGTH;

/** A connection to a middle proxy, on which any number of clients' messages go side by side. */
export class MiddleProxyConnection implements RpcReceiver {
  readonly #stream: RpcStream;
  readonly #owner: ConnectionOwner;
  readonly #members = new Map<number, ConnectionMember>();
  #nextId = randomInt(1, 2 ** 40);

  private constructor(stream: RpcStream, owner: ConnectionOwner) {
    this.#stream = stream;
    this.#owner = owner;
  }

  /** Does the handshake on a fresh link, which is closed if that fails. Errors as {@link RpcStream.open}. */
  static async open(
    plane: DataPlane,
    link: Link,
    options: HandshakeOptions,
    owner: ConnectionOwner,
  ): Promise<MiddleProxyConnection> {
    const stream = await RpcStream.open(plane, link, options);
    const connection = new MiddleProxyConnection(stream, owner);
    stream.begin(connection);
    if (stream.isClosed) throw new SluiceError('E_CONN_CLOSED', 'the middle proxy closed the connection at once');
    return connection;
  }

  get local(): Endpoint {
    return this.#stream.local;
  }

  get remote(): Endpoint {
    return this.#stream.remote;
  }

  get isClosed(): boolean {
    return this.#stream.isClosed;
  }

  /** The middle proxy has not taken all that was sent. */
  get blocked(): boolean {
    return this.#stream.blocked;
  }

  get members(): number {
    return this.#members.size;
  }

  /** @returns the id that names the member from now on */
  join(member: ConnectionMember): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#members.set(id, member);
    return id;
  }

  /** @param tell the middle proxy knows of it and shall forget it */
  leave(id: number, tell: boolean): void {
    if (!this.#members.delete(id)) return;
    if (tell) {
      const field = Buffer.alloc(8);
      writeConnectionId(field, 0, id);
      this.#control(packetType.closeConnection, field);
    }
    this.#idleIfEmpty();
  }

  /** Sends frames with these bodies. */
  send(bodies: readonly Body[]): void {
    this.#stream.send(bodies);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Closes at once; the members lose it with that error. */
  close(error: SluiceError = new SluiceError('E_CLOSING', 'the connection to the middle proxy was closed')): void {
    this.#stream.close(error);
  }

  /** What is of no known form is passed over, as Telegram's own proxy does. */
  received(frame: Buffer): void {
    const end = frame.length - CRC_LENGTH;
    switch (frame.readUInt32LE(BODY_OFFSET)) {
      case packetType.proxyAnswer:
        if (end > ANSWER_DATA_AT) this.#answer(frame, end);
        break;
      case packetType.simpleAck:
        if (end === ACK_END) this.#member(frame)?.acknowledged(frame.subarray(ACK_TOKEN_AT, ACK_END));
        break;
      case packetType.closeExternal:
        if (end === CONTROL_END) this.#closeMember(readConnectionId(frame, ID_AT));
        break;
      case packetType.ping:
        if (end === CONTROL_END) this.#control(packetType.pong, frame.subarray(ID_AT, CONTROL_END));
        break;
      default:
    }
  }

  drained(): void {
    for (const member of [...this.#members.values()]) member.drained();
  }

  closed(error: SluiceError): void {
    this.#owner.connectionClosed(this);
    const members = [...this.#members.values()];
    this.#members.clear();
    for (const member of members) member.lost(error);
  }

  #answer(frame: Buffer, end: number): void {
    const member = this.#members.get(readConnectionId(frame, ANSWER_ID_AT));
    if (member !== undefined) member.answered(frame, ANSWER_DATA_AT, end);
    // It has left. Said once more, it costs the middle proxy no further answers; but not while that
    // would only pile up here.
    else if (!this.blocked) this.#control(packetType.closeConnection, frame.subarray(ANSWER_ID_AT, ANSWER_DATA_AT));
  }

  #member(frame: Buffer): ConnectionMember | undefined {
    return this.#members.get(readConnectionId(frame, ID_AT));
  }

  #closeMember(id: number): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    member.closedByPeer();
    this.#idleIfEmpty();
  }

  #idleIfEmpty(): void {
    if (this.#members.size === 0 && !this.isClosed) this.#owner.connectionIdle(this);
  }

  /** @param field 8 bytes */
  #control(type: number, field: Buffer): void {
    const body = Buffer.alloc(CONTROL_LENGTH);
    body.writeUInt32LE(type, 0);
    field.copy(body, 4);
    this.send([[body]]);
  }
}
