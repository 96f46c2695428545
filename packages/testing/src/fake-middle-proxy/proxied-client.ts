import { createHash } from 'node:crypto';
import { EventQueue } from '../fake-dc/event-queue.js';
import type { TransportTag } from '../fake-dc/obfuscation.js';
import type { RpcEndpoint } from './ip-address.js';
import { operation } from './operations.js';
import type { ProxyRequest } from './proxy-request.js';

/** Who ended a client's connection: its proxy (CLOSE_CONN), the middle proxy (CLOSE_EXT), or the end of both's. */
export type ClosedBy = 'proxy' | 'middle-proxy' | 'connection';

/** What a client needs of the connection that carries it. */
export interface ClientCarrier {
  /** Sends one frame; false when the socket asks to wait. */
  send(body: Buffer): boolean;
  /** Resolves when the socket takes more, or is gone. */
  drained(): Promise<void>;
}

/** One client of a proxy, as the middle proxy knows it: by its connection id. */
export class ProxiedClient {
  readonly connectionId: bigint;
  /** Where the client is, by the word of its proxy. */
  readonly client: RpcEndpoint;
  readonly proxy: RpcEndpoint;
  readonly framing: TransportTag;
  /** 32 hex digits. */
  readonly adTag: string | undefined;
  /** Resolves when the client is gone; never rejects. */
  readonly closed: Promise<ClosedBy>;
  readonly #carrier: ClientCarrier;
  readonly #requests = new EventQueue<ProxyRequest>();
  readonly #hash = createHash('sha256');
  #resolveClosed: (by: ClosedBy) => void = () => undefined;
  #closedBy: ClosedBy | undefined;
  #payloadBytes = 0;
  #sent = 0;
  #closings = 0;

  constructor(first: ProxyRequest, carrier: ClientCarrier) {
    this.connectionId = first.connectionId;
    this.client = first.client;
    this.proxy = first.proxy;
    this.framing = first.framing;
    this.adTag = first.adTag;
    this.#carrier = carrier;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  get closedBy(): ClosedBy | undefined {
    return this.#closedBy;
  }

  /** Bytes of data in all requests so far, and their SHA-256 in hex. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** The next message of this client. `timeout` in milliseconds. */
  nextRequest(timeout = 10_000): Promise<ProxyRequest> {
    return this.#requests.next('request', timeout);
  }

  /** PROXY_ANS; false when the socket asks to wait (see {@link drained}). `flags`: 8 flush at once, 16 an error code. */
  answer(data: Uint8Array, flags = 0): boolean {
    const head = this.#head(operation.proxyAnswer, 16);
    head.writeUInt32LE(flags, 4);
    head.writeBigUInt64LE(this.connectionId, 8);
    return this.#send(Buffer.concat([head, data]));
  }

  /** SIMPLE_ACK with this token, a number of 32 bits. */
  acknowledge(token: number): void {
    const body = this.#head(operation.simpleAck, 16);
    body.writeBigUInt64LE(this.connectionId, 4);
    body.writeUInt32LE(token, 12);
    this.#send(body);
  }

  /** CLOSE_EXT: the data centre has closed this client's connection. */
  close(): void {
    const body = this.#head(operation.closeExternal, 12);
    body.writeBigUInt64LE(this.connectionId, 4);
    this.#send(body);
    this.end('middle-proxy');
  }

  drained(): Promise<void> {
    return this.#carrier.drained();
  }

  /** @internal A further request of this client has come. */
  receive(request: ProxyRequest): void {
    this.#payloadBytes += request.data.length;
    this.#hash.update(request.data);
    this.#requests.push(request);
  }

  /** @internal A CLOSE_CONN has come: one is due, and one more for each frame that may have come too late. */
  mayBeClosed(): boolean {
    this.#closings += 1;
    return this.#closings <= 1 + this.#sent;
  }

  /** @internal The first reason stays. */
  end(by: ClosedBy): void {
    this.#closedBy ??= by;
    this.#requests.close();
    this.#resolveClosed(this.#closedBy);
  }

  #send(body: Buffer): boolean {
    this.#sent += 1;
    return this.#carrier.send(body);
  }

  #head(name: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    bytes.writeUInt32LE(name);
    return bytes;
  }
}
