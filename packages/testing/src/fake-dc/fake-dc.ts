import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { DcKey } from './auth-key/rsa-key.js';
import { FakeDcConnection, type ConnectionEnd, type FakeDcMode } from './connection.js';
import { EventQueue } from './event-queue.js';

export interface FakeDcOptions {
  /**
   * What follows the header. `mtproto` (default): frames, with resPQ as answer to req_pq and req_pq_multi. `echo`: sends
   * back every byte. `sink`: counts and hashes, and at the other side's end answers with the SHA-256 (32 bytes).
   * `source`: after the first byte sends `sourceBytes` of {@link patternBytes} and half-closes.
   */
  readonly mode?: FakeDcMode;
  /** Default 127.0.0.1; the other loopback addresses work too. */
  readonly host?: '127.0.0.1' | '::1';
  /** Default 1 MiB. */
  readonly sourceBytes?: number;
  /** The key fingerprint in resPQ. Clients know none of its kind and stop there, naming it: proof that it arrived. */
  readonly fingerprint?: bigint;
  /**
   * Its RSA key, by {@link makeDcKey}: with it, the data centre goes on after resPQ to a whole key exchange, takes
   * encrypted messages and answers them: pings, and `help.getNearestDc` with the fingerprint in hex as country.
   */
  readonly key?: DcKey;
}

/** A loopback server that takes connections from proxies as a Telegram data centre would. */
export interface FakeDc {
  readonly host: string;
  readonly port: number;
  /** `host:port`, an IPv6 host in brackets. */
  readonly address: string;
  readonly fingerprint: bigint;
  /** TCP connections accepted so far, with or without a header. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** The next connection whose header has come. `timeout` in milliseconds, default 10,000. */
  nextConnection(timeout?: number): Promise<FakeDcConnection>;
  /** The next connection that ended before or at its header, by its end. */
  nextRejected(timeout?: number): Promise<ConnectionEnd>;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

export async function startFakeDc(options: FakeDcOptions = {}): Promise<FakeDc> {
  const host = options.host ?? '127.0.0.1';
  const fingerprint = options.key?.fingerprint ?? options.fingerprint ?? 0x00dc_00dc_00dc_00dcn;
  const connectionOptions = {
    mode: options.mode ?? 'mtproto',
    sourceBytes: options.sourceBytes ?? 1 << 20,
    keys: { key: options.key, fingerprint, made: new Map() },
  };
  const opened = new EventQueue<FakeDcConnection>();
  const rejected = new EventQueue<ConnectionEnd>();
  const alive = new Set<FakeDcConnection>();
  let accepted = 0;

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted += 1;
    let hasHeader = false;
    const connection = new FakeDcConnection(socket, connectionOptions, (self) => {
      hasHeader = true;
      opened.push(self);
    });
    alive.add(connection);
    void connection.ended.then((end) => {
      alive.delete(connection);
      if (!hasHeader) rejected.push(end);
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    host,
    port,
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    fingerprint,
    get accepted() {
      return accepted;
    },
    get open() {
      return alive.size;
    },
    nextConnection: (timeout = 10_000) => opened.next('connection with a header', timeout),
    nextRejected: (timeout = 10_000) => rejected.next('rejected connection', timeout),
    async close() {
      opened.close();
      rejected.close();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of alive) connection.destroy();
      await closed;
    },
  };
}
