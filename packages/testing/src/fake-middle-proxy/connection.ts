import { randomBytes, type Decipher } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { EventQueue } from '../fake-dc/event-queue.js';
import { ClientTable } from './client-table.js';
import type { FrameFault, MiddleProxyFaults } from './faults.js';
import { answerHandshake, answerNonce } from './handshake-answers.js';
import { handshakeViolations, HandshakeRefusal, type HandshakePacket } from './handshake.js';
import { ip16, ip16Text, type RpcEndpoint } from './ip-address.js';
import { operation } from './operations.js';
import { Outgoing } from './outgoing.js';
import type { ProcessId } from './process-id.js';
import type { ProxiedClient } from './proxied-client.js';
import type { ProxyRequest } from './proxy-request.js';
import { RpcFrameDecoder } from './rpc-frame.js';

/** How a proxy's connection ended. */
export interface MiddleProxyConnectionEnd {
  /** What stopped it, if something did: the socket's error, or what the middle proxy could not accept. */
  readonly error?: Error;
  /** Bytes that came last and were no whole frame. */
  readonly pendingBytes: number;
  /** Clients that were neither closed by their proxy nor by the middle proxy. */
  readonly openClients: number;
}

export interface MiddleProxyConnectionOptions {
  readonly secret: Buffer;
  readonly self: ProcessId;
  readonly server: RpcEndpoint;
  /** Where the proxy is seen to come from, if not where its socket does. */
  readonly clientAddress: string | undefined;
  readonly adTags: readonly string[] | undefined;
  readonly isPacked: boolean;
  readonly faults: MiddleProxyFaults;
  readonly onHandshake: (connection: FakeMiddleProxyConnection) => void;
  readonly onClient: (client: ProxiedClient) => void;
  readonly onRequest: (client: ProxiedClient, request: ProxyRequest) => boolean;
  readonly onViolation: (text: string) => void;
}

/** One accepted connection of a proxy, as the middle proxy sees it. */
export class FakeMiddleProxyConnection {
  /** Where the proxy's socket is. */
  readonly remote: RpcEndpoint;
  /** Resolves when the connection is gone; never rejects. */
  readonly ended: Promise<MiddleProxyConnectionEnd>;
  readonly #socket: Socket;
  readonly #options: MiddleProxyConnectionOptions;
  readonly #outgoing: Outgoing;
  readonly #frames = new RpcFrameDecoder();
  readonly #clients: ClientTable;
  readonly #pongs = new EventQueue<bigint>();
  readonly #pings = new Set<bigint>();
  #decipher: Decipher | undefined;
  #handshake: HandshakePacket | undefined;
  #error: Error | undefined;
  #isHeld = false;

  constructor(socket: Socket, options: MiddleProxyConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#outgoing = new Outgoing(socket, options.faults, options.isPacked);
    this.remote = { address: ip16Text(ip16(socket.remoteAddress ?? '::')), port: socket.remotePort ?? 0 };
    this.#clients = new ClientTable(
      { send: (body) => this.#outgoing.send(body), drained: () => this.#drained() },
      options,
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#guard(() => this.#receive(chunk)));
    socket.on('error', (error) => (this.#error ??= error));
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        this.#pongs.close();
        const openClients = this.#clients.endAll();
        const pendingBytes = this.#frames.pendingBytes;
        const error = this.#error;
        resolve({ pendingBytes, openClients, ...(error === undefined ? {} : { error }) });
      });
    });
  }

  /** What the proxy said of itself; undefined until it did. */
  get handshake(): HandshakePacket | undefined {
    return this.#handshake;
  }

  /** The clients that the proxy has brought over this connection so far, those that have left among them. */
  get clients(): readonly ProxiedClient[] {
    return this.#clients.all;
  }

  /** Sends PING and waits for its PONG. `timeout` in milliseconds. */
  async ping(timeout = 10_000): Promise<void> {
    const id = randomBytes(8).readBigUInt64LE();
    const body = Buffer.alloc(12);
    body.writeUInt32LE(operation.ping);
    body.writeBigUInt64LE(id, 4);
    this.#pings.add(id);
    this.#outgoing.send(body);
    await this.#pongs.next('PONG', timeout);
  }

  /** Sends any frame, spoiled or not. The body is made of words. */
  send(body: Buffer, fault?: FrameFault): void {
    this.#outgoing.send(body, fault);
  }

  /** Sends plain bytes that need not be a frame; a multiple of 4. */
  sendRaw(bytes: Buffer): void {
    this.#outgoing.sendRaw(bytes);
  }

  /** Takes nothing more off the socket until {@link resumeReading}. */
  pauseReading(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#isHeld = false;
    this.#socket.resume();
  }

  /** Ends the connection at once; with `reset`, by a TCP reset. */
  destroy(how: 'close' | 'reset' = 'close'): void {
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(this.#decipher === undefined ? chunk : this.#decipher.update(chunk));
    for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) {
      if (frame.sequence === -2) this.#answerNonce(frame.body);
      else if (frame.sequence === -1) this.#answerHandshake(frame.body);
      else if (!this.#take(frame.body)) this.#waitToRead();
    }
  }

  #answerNonce(body: Buffer): void {
    const { secret, server, clientAddress, self, faults } = this.#options;
    // Some proxies fill up their nonce, too.
    this.#frames.skipFiller();
    const client = { address: clientAddress ?? this.remote.address, port: this.remote.port };
    const { answer, ciphers } = answerNonce(body, { secret, server, client }, self, faults.nonce);
    if (this.#frames.pendingBytes > 0) throw new HandshakeRefusal('more follows the nonce before it is answered');
    this.#outgoing.send(answer);
    if (ciphers === undefined) return;
    this.#outgoing.startCipher(ciphers.encrypt);
    this.#decipher = ciphers.decrypt;
  }

  #answerHandshake(body: Buffer): void {
    const { self, faults, onViolation, onHandshake } = this.#options;
    const { answer, packet, isRefused } = answerHandshake(body, self, faults.handshake);
    handshakeViolations(packet, self).forEach(onViolation);
    this.#outgoing.send(answer);
    if (isRefused) return;
    this.#handshake = packet;
    if (faults.pausesReading === true) this.pauseReading();
    onHandshake(this);
  }

  #take(body: Buffer): boolean {
    const name = body.readUInt32LE();
    if (name === operation.proxyRequest) return this.#clients.takeRequest(body);
    if (name === operation.closeConnection) this.#clients.takeClose(body);
    else if (name === operation.pong) this.#takePong(body);
    else if (name === operation.ping) this.#answerPing(body);
    else this.#options.onViolation(`the unknown operation ${name.toString(16)}`);
    return true;
  }

  #takePong(body: Buffer): void {
    const id = body.length === 12 ? body.readBigUInt64LE(4) : undefined;
    if (id !== undefined && this.#pings.delete(id)) this.#pongs.push(id);
    else this.#options.onViolation('a PONG that answers no PING');
  }

  #answerPing(body: Buffer): void {
    if (body.length !== 12) return this.#options.onViolation(`a PING of ${body.length} bytes`);
    const answer = Buffer.from(body);
    answer.writeUInt32LE(operation.pong);
    this.#outgoing.send(answer);
  }

  /** What is sent back is not taken as fast as it comes: takes no more until it is. */
  #waitToRead(): void {
    this.#socket.pause();
    void this.#drained().then(() => {
      if (!this.#isHeld) this.#socket.resume();
    });
  }

  async #drained(): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writableNeedDrain) return;
    await Promise.race([once(this.#socket, 'drain'), this.ended]).catch(() => undefined);
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#error ??= error instanceof Error ? error : new Error(String(error));
      this.#options.onViolation(this.#error.message);
      this.#socket.destroy();
    }
  }
}
