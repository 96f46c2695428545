import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import {
  DataPlane,
  SystemResolver,
  type Destination,
  type Dispatcher,
  type Health,
  type Link,
  type OutboundHealth,
  type OwnIdentity,
  type Session,
} from '@sluice/plugin-api';
import { DirectDialer, MemoryLogger, StubSession } from '@sluice/testing';
import { vi, expect } from 'vitest';
import type { ObservatoryServices } from './observatory.js';

/** What an outbound of the fixture does with a connection. */
export type Way = (session: StubSession, to: Destination) => Promise<Link>;

/** As much of an instance as an observatory sees, with outbounds that tests change as they like. */
export class FakeInstance implements ObservatoryServices {
  readonly plane = new DataPlane();
  readonly resolver = new SystemResolver();
  readonly logger = new MemoryLogger();
  readonly outbounds = new Map<string, Way>();
  /** The outbounds that were asked, in order. */
  readonly asked: string[] = [];
  readonly sessions: StubSession[] = [];
  readonly #tags = new Map<Session, string>();
  readonly #reports = new Map<string, OutboundHealth>();

  /** An outbound that dials straight to the target, names to loopback. */
  readonly direct: Way = (session, to) =>
    new DirectDialer(this.plane).dial(session, to.type === 'domain' ? { ...to, type: 'ipv4', host: '127.0.0.1' } : to);

  readonly control = {
    outbounds: () =>
      [...this.outbounds.keys()].map((tag) => ({ tag, protocol: 'test', via: undefined, carriesPackets: false })),
  };

  readonly health: Health = {
    of: (tag) => this.#reports.get(tag),
    all: () => this.#reports,
    report: (tag, health) => {
      if (health === undefined) this.#reports.delete(tag);
      else this.#reports.set(tag, health);
    },
  };

  readonly dispatcher = {
    originate: ({ inboundProtocol, outboundTag }: OwnIdentity) => {
      const session = new StubSession('tcp', undefined, undefined, { protocol: inboundProtocol });
      this.#tags.set(session, outboundTag ?? '');
      this.sessions.push(session);
      return session;
    },
    connect: async (session: StubSession, to: Destination) => {
      const tag = this.#tags.get(session) ?? '';
      this.asked.push(tag);
      return (this.outbounds.get(tag) as Way)(session, to);
    },
  } as unknown as Dispatcher;

  /** Nothing of the probes is left: no conn, no timer. */
  async expectClean(): Promise<void> {
    await vi.waitFor(() => expect(this.plane.state()).toMatchObject({ conns: 0, timers: 0 }), 3000);
  }
}

export interface TestServer {
  readonly port: number;
  /** Request lines, "GET /x". */
  readonly requests: string[];
  close(): Promise<void>;
}

/** An HTTP server on loopback that answers 204, over TLS if it is given what that needs. */
export async function serveHttp(credentials?: { readonly key: string; readonly cert: string }): Promise<TestServer> {
  const requests: string[] = [];
  const answer: http.RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(204).end();
  };
  const server = credentials === undefined ? http.createServer(answer) : https.createServer(credentials, answer);
  return { requests, ...(await listening(server)) };
}

/** A TCP server on loopback that does with each connection as told. */
export async function serveTcp(onSocket: (socket: net.Socket) => void): Promise<Omit<TestServer, 'requests'>> {
  return listening(net.createServer(onSocket));
}

async function listening(server: net.Server): Promise<Omit<TestServer, 'requests'>> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
