import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { FakeDcMode } from '../fake-dc/connection.js';
import { EventQueue } from '../fake-dc/event-queue.js';
import { FakeMiddleProxyConnection, type MiddleProxyConnectionEnd } from './connection.js';
import { respond } from './data-center-role.js';
import type { MiddleProxyFaults } from './faults.js';
import { ipNumber } from './process-id.js';
import type { ProxiedClient } from './proxied-client.js';

export interface FakeMiddleProxyOptions {
  /**
   * What the data centre behind it does with a client's messages. `mtproto` (default): resPQ as answer to req_pq and
   * req_pq_multi, CLOSE_EXT to anything else. `echo`: sends back each one. `sink`: counts and hashes. `source`: answers
   * the first with `sourceBytes` of the pattern in messages of `answerBytes`, then CLOSE_EXT. In all of them a request
   * with the quick-ack flag gets SIMPLE_ACK with {@link quickAckToken}.
   */
  readonly mode?: FakeDcMode;
  /** Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** What both sides know; random by default, 128 bytes like the real one. */
  readonly secret?: Uint8Array;
  /** The address that the proxy is seen to come from, as if a NAT were between; default: its socket's. */
  readonly clientAddress?: string;
  /** The address and port under which the proxy knows this server, if not its own: somebody redirects. */
  readonly serverAddress?: { readonly address: string; readonly port: number };
  /** The only advertising tags that may come, in hex; an empty list: none at all. Default: any, or none. */
  readonly adTags?: readonly string[];
  /** The key fingerprint in resPQ. */
  readonly fingerprint?: bigint;
  /** Multiples of 4; default 1 MiB in messages of 64 KiB. */
  readonly sourceBytes?: number;
  readonly answerBytes?: number;
  /** Frames sent in one turn share their cipher blocks, instead of each being filled up by itself. */
  readonly packed?: boolean;
  /** Of every connection, or of each by its number, from 0. */
  readonly faults?: MiddleProxyFaults | ((index: number) => MiddleProxyFaults | undefined);
}

/** A loopback server that takes connections from proxies as Telegram's middle proxies do. */
export interface FakeMiddleProxy {
  readonly host: string;
  readonly port: number;
  /** `host:port`, an IPv6 host in brackets. */
  readonly address: string;
  readonly secret: Buffer;
  readonly fingerprint: bigint;
  /** Every rule that a proxy has broken so far, in words. A test without faults holds this to be empty at its end. */
  readonly violations: readonly string[];
  /** TCP connections accepted so far, with or without a handshake. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** The next connection whose handshake is done. `timeout` in milliseconds, default 10,000. */
  nextConnection(timeout?: number): Promise<FakeMiddleProxyConnection>;
  /** The next connection that ended before its handshake was done. */
  nextRejected(timeout?: number): Promise<MiddleProxyConnectionEnd>;
  /** The next client, on whatever connection, at its first message. */
  nextClient(timeout?: number): Promise<ProxiedClient>;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

export async function startFakeMiddleProxy(options: FakeMiddleProxyOptions = {}): Promise<FakeMiddleProxy> {
  const host = options.host ?? '127.0.0.1';
  const secret = Buffer.from(options.secret ?? randomBytes(128));
  const fingerprint = options.fingerprint ?? 0x00dc_00dc_00dc_00dcn;
  const role = {
    mode: options.mode ?? 'mtproto',
    fingerprint,
    sourceBytes: options.sourceBytes ?? 1 << 20,
    answerBytes: options.answerBytes ?? 1 << 16,
  };
  const connections = new EventQueue<FakeMiddleProxyConnection>();
  const rejected = new EventQueue<MiddleProxyConnectionEnd>();
  const clients = new EventQueue<ProxiedClient>();
  const violations: string[] = [];
  const alive = new Set<FakeMiddleProxyConnection>();
  let accepted = 0;

  const server = createServer((socket) => {
    const { faults } = options;
    const chosen = typeof faults === 'function' ? faults(accepted) : faults;
    accepted += 1;
    let isDone = false;
    const connection = new FakeMiddleProxyConnection(socket, {
      secret,
      self,
      server: options.serverAddress ?? { address: host, port },
      clientAddress: options.clientAddress,
      adTags: options.adTags,
      isPacked: options.packed ?? false,
      faults: chosen ?? {},
      onHandshake(done) {
        isDone = true;
        connections.push(done);
      },
      onClient: (client) => clients.push(client),
      onRequest: (client, request) => respond(role, client, request),
      onViolation: (text) => violations.push(text),
    });
    alive.add(connection);
    void connection.ended.then((end) => {
      alive.delete(connection);
      if (!isDone) rejected.push(end);
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const self = {
    ip: ipNumber(options.serverAddress?.address ?? host),
    port: options.serverAddress?.port ?? port,
    pid: process.pid & 0xffff,
    startedAt: Math.floor(Date.now() / 1000),
  };

  return {
    host,
    port,
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    secret,
    fingerprint,
    violations,
    get accepted() {
      return accepted;
    },
    get open() {
      return alive.size;
    },
    nextConnection: (timeout = 10_000) => connections.next('connection with a handshake', timeout),
    nextRejected: (timeout = 10_000) => rejected.next('rejected connection', timeout),
    nextClient: (timeout = 10_000) => clients.next('client', timeout),
    async close() {
      for (const queue of [connections, rejected, clients]) queue.close();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of alive) connection.destroy();
      await closed;
    },
  };
}
