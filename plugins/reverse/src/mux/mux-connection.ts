import type { Buffer } from 'node:buffer';
import { SluiceError, type DataPlane, type Destination, type Endpoint } from '@sluice/plugin-api';
import type { Carrier, CarrierUser } from './carrier.js';
import { frameStatus, type FrameMetadata } from './frame.js';
import { FrameDecoder, type FrameReceiver } from './frame-decoder.js';
import { FrameSender } from './frame-sender.js';
import { Gathering } from './gathering.js';
import { MuxConn } from './mux-conn.js';
import { MuxPackets } from './mux-packets.js';
import { SlowStreams, type BufferedStream } from './slow-streams.js';

/** What a connection carries many of. */
export interface MuxStream {
  /** The peer has ended it. */
  ended(isError: boolean): void;
  /** The connection takes bytes again. Called after one was told that it is blocked. */
  drained(): void;
  /** The connection is gone. */
  lost(error: SluiceError): void;
}

/** Who takes the streams that the peer opens. */
export interface MuxAcceptor {
  conn(conn: MuxConn, to: Destination): void;
  packets(packets: MuxPackets, to: Destination): void;
}

export interface MuxOptions {
  /** Undefined on the side that opens the streams: the client of the two. */
  readonly acceptor?: MuxAcceptor;
  /** Called once, when all streams have been told. */
  onClosed(error: SluiceError | undefined): void;
}

/**
 * Streams at a time; a peer's further ones are refused. V2Ray holds one for up to five seconds after its client has
 * gone: with 2,048, some 500 connections a second were too many for one carrier.
 */
export const MAX_STREAMS = 8192;
const MAX_ID = 0xffff;
/** Short answers that may wait for a peer that does not read them. */
const MAX_ANSWERS = 4096;
/** Bytes of packets that may wait for it. */
const MAX_PACKETS_WAITING = 256 * 1024;

/** One carrier with its streams: both roles of Mux.Cool. */
export class MuxConnection implements CarrierUser, FrameReceiver {
  readonly #plane: DataPlane;
  readonly #carrier: Carrier;
  readonly #options: MuxOptions;
  readonly #decoder = new FrameDecoder();
  readonly #sender: FrameSender;
  readonly #slow: SlowStreams;
  readonly #streams = new Map<number, MuxConn | MuxPackets>();
  readonly #owed = new Set<MuxStream>();
  /** Whom the data of the present frame are for. */
  #current: MuxConn | MuxPackets | undefined;
  readonly #gathering = new Gathering();
  #nextId = 1;
  #answers = 0;
  /** Bytes of packets that wait for the carrier. */
  #packetsWaiting = 0;
  #blocked = false;
  #closed = false;
  /** The tick at which something came last. */
  heardAt: number;

  constructor(plane: DataPlane, carrier: Carrier, options: MuxOptions) {
    this.#plane = plane;
    this.#carrier = carrier;
    this.#options = options;
    this.heardAt = plane.timers.now;
    this.#sender = new FrameSender((bytes) => this.#send(bytes));
    const streams = this.#streams;
    this.#slow = new SlowStreams(plane.timers, {
      pause: () => carrier.pauseReading(),
      resume: () => carrier.resumeReading(),
      get isShared() {
        return streams.size > 1;
      },
    });
  }

  /** From now on streams can come. */
  begin(): void {
    this.#carrier.begin(this);
  }

  get local(): Endpoint {
    return this.#carrier.local;
  }

  get remote(): Endpoint {
    return this.#carrier.remote;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** How many streams were opened from here so far. */
  get opened(): number {
    return this.#nextId - 1;
  }

  /** No further stream can be opened. */
  get isFull(): boolean {
    return this.#closed || this.#streams.size >= MAX_STREAMS || this.#nextId > MAX_ID;
  }

  /** The peer has not taken all that was sent. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Nothing is read, because streams do not take what has come for them. */
  get paused(): boolean {
    return this.#slow.paused;
  }

  get pendingBytes(): number {
    return this.#decoder.pendingBytes + this.#slow.total;
  }

  /** Opens a stream. To be asked only while not full. */
  openConn(to: Destination): MuxConn {
    const conn = new MuxConn(this, this.#allocate(), to);
    this.#streams.set(conn.id, conn);
    return conn;
  }

  /** Opens a stream of packets. To be asked only while not full. */
  openPackets(to: Destination): MuxPackets {
    const packets = new MuxPackets(this, this.#allocate(), to);
    this.#streams.set(packets.id, packets);
    return packets;
  }

  /** Tells the peer that the connection is alive. */
  keepAlive(): void {
    if (!this.#blocked) this.#sender.head({ id: 0, status: frameStatus.keepAlive });
  }

  /** Ends streams of packets that have been quiet since a tick. */
  endQuietPackets(since: number): void {
    for (const stream of this.#streams.values()) {
      if (stream instanceof MuxPackets && stream.activeAt < since) stream.close();
    }
  }

  /** Closes at once; the streams are lost with that error. */
  close(error: SluiceError): void {
    this.#carrier.close(error);
  }

  /** Ends in order; to be called without streams. */
  finish(): void {
    this.#carrier.finish();
  }

  // For streams.

  get now(): number {
    return this.#plane.timers.now;
  }

  /** @param target of a stream that the peer has not heard of yet */
  sendStream(id: number, chunk: Uint8Array, target: Destination | undefined): void {
    this.#sender.stream(id, chunk, target);
  }

  sendPacket(id: number, payload: Uint8Array, target: Destination | undefined): void {
    this.#sender.packet(id, payload, target);
    if (this.#blocked) this.#packetsWaiting += payload.length;
  }

  /** So many packets wait already that further ones are better lost. */
  get refusesPackets(): boolean {
    return this.#packetsWaiting > MAX_PACKETS_WAITING;
  }

  sendNew(id: number, target: Destination): void {
    this.#sender.head({ id, status: frameStatus.new, target });
  }

  sendEnd(id: number, isError: boolean): void {
    if (this.#closed) return;
    if (this.#blocked && ++this.#answers > MAX_ANSWERS) {
      this.close(
        new SluiceError('E_PROTOCOL', 'the peer opens and ends streams and does not read what is said of them'),
      );
      return;
    }
    this.#sender.head({ id, status: frameStatus.end, isError });
  }

  /** The stream will be told when the connection takes bytes again. */
  owe(stream: MuxStream): void {
    this.#owed.add(stream);
  }

  waitingChanged(stream: BufferedStream, by: number): void {
    if (!this.#closed) this.#slow.change(stream, by);
  }

  /** The stream is over. */
  leave(id: number, stream: MuxStream): void {
    if (this.#streams.get(id) === stream) this.#streams.delete(id);
    if (this.#current === stream) this.#current = undefined;
    this.#owed.delete(stream);
  }

  // What the carrier says.

  received(bytes: Buffer): void {
    this.heardAt = this.#plane.timers.now;
    this.#decoder.write(bytes, this);
    this.#gathering.flush();
  }

  drained(): void {
    this.#blocked = false;
    this.#answers = 0;
    this.#packetsWaiting = 0;
    const owed = [...this.#owed];
    this.#owed.clear();
    for (const stream of owed) {
      // Whoever is told late, and finds the connection blocked again, writes one chunk at most.
      stream.drained();
    }
  }

  lost(error: SluiceError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.stop();
    this.#slow.close();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    this.#owed.clear();
    this.#current = undefined;
    const reason = error ?? new SluiceError('E_CONN_CLOSED', 'the connection that carried the stream was closed');
    for (const stream of streams) stream.lost(reason);
    this.#options.onClosed(error);
  }

  // What the decoder says.

  frame({ id, status, hasData, isError, target }: FrameMetadata): void {
    this.#current = undefined;
    if (status !== frameStatus.keep) this.#gathering.flush();
    switch (status) {
      case frameStatus.new:
        // Only the client opens streams; V2Ray passes over what a server opens.
        if (this.#options.acceptor !== undefined) this.#accept(this.#options.acceptor, id, target);
        break;
      case frameStatus.keep:
        this.#current = this.#streams.get(id);
        // As V2Ray does, so that the peer does not go on for nobody.
        if (this.#current === undefined && hasData && !this.#blocked) this.sendEnd(id, false);
        break;
      case frameStatus.end:
        this.#streams.get(id)?.ended(isError);
        break;
      case frameStatus.keepAlive:
    }
  }

  data(piece: Buffer, last: boolean): void {
    const stream = this.#current;
    if (stream instanceof MuxConn) this.#gathering.add(stream, piece);
    else stream?.receive(piece, last);
  }

  #accept(acceptor: MuxAcceptor, id: number, to: Destination | undefined): void {
    // The client has forgotten the one that had the number before.
    this.#streams.get(id)?.ended(true);
    if (to === undefined || this.#streams.size >= MAX_STREAMS) {
      this.sendEnd(id, true);
      return;
    }
    const stream = to.network === 'udp' ? new MuxPackets(this, id, undefined) : new MuxConn(this, id, undefined);
    this.#streams.set(id, stream);
    this.#current = stream;
    if (stream instanceof MuxPackets) acceptor.packets(stream, to);
    else acceptor.conn(stream, to);
  }

  #allocate(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  #send(bytes: Buffer): boolean {
    const taken = this.#carrier.send(bytes);
    if (!taken) this.#blocked = true;
    return taken;
  }
}
