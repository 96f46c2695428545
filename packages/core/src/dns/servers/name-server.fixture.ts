import { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import {
  DataPlane,
  destination,
  dial,
  Link,
  SystemResolver,
  UdpConn,
  type DnsServer,
  type DnsServerContext,
  type OwnIdentity,
} from '@sluice/plugin-api';
import { frame, FrameReader } from './frames.js';
import { dnsServers } from './kinds.js';

/** Gives what is to be sent back: nothing, one message or several. */
export type Answering = (query: Buffer, by: 'udp' | 'stream' | 'https') => Buffer | Buffer[] | undefined;

/** Of dns.example and 127.0.0.1, for tests only. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIUVa3wZrPpELq0+yQKzOXngdfTimgwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZG5zLmV4YW1wbGUwIBcNMjYxMTIzMDA0MzQyWhgPMjEyNjEw
MzAwMDQzNDJaMBYxFDASBgNVBAMMC2Rucy5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEpnkEZnlORQlCFWtm98TNQ7/xnYS2FlYTpm0iKwOWM+kh2JNF
c2ngEMfn++uaHoT6Kd+W71HBZFCkf1eWE3L6oaNxMG8wHQYDVR0OBBYEFPBz7rFv
zbta+ju8tEgYxMjbLTxjMB8GA1UdIwQYMBaAFPBz7rFvzbta+ju8tEgYxMjbLTxj
MBwGA1UdEQQVMBOCC2Rucy5leGFtcGxlhwR/AAABMA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgBCUZWWbR1KfmkAf4M0aSRIFYnjTwPfvhLhrUKxqZ
f4kCICdxWyALQOojwQQDZHfjwgy8BLfqTbAr4LpgRydnEMkF
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJNyqO5DLb9cnM13i
pnAX7FlX9m3g7vAXSQtYf+jb0IuhRANCAASmeQRmeU5FCUIVa2b3xM1Dv/GdhLYW
VhOmbSIrA5Yz6SHYk0VzaeAQx+f765oehPop35bvUcFkUKR/V5YTcvqh
-----END PRIVATE KEY-----
`;

const HOST = '127.0.0.1';
const resolver = new SystemResolver();

function answersOf(given: ReturnType<Answering>): readonly Buffer[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given];
}

/** A DNS server of the test's own, over everything that there is, on loopback. */
export class NameServer {
  answering: Answering;
  /** All queries, and by what they came. */
  readonly asked: { readonly query: Buffer; readonly by: string; readonly fromPort: number }[] = [];
  /** Connections accepted so far. */
  accepted = 0;
  readonly #sockets = new Set<net.Socket>();
  readonly #closing: (() => void)[] = [];

  constructor(answering: Answering) {
    this.answering = answering;
  }

  /** UDP and TCP on one port. */
  async plain(): Promise<number> {
    const server = await this.#listen(net.createServer((socket) => this.#stream(socket)));
    const udp = dgram.createSocket('udp4');
    udp.on('message', (query, from) => {
      this.asked.push({ query, by: 'udp', fromPort: from.port });
      for (const answer of answersOf(this.answering(query, 'udp'))) udp.send(answer, from.port, from.address);
    });
    udp.bind(server, HOST);
    await once(udp, 'listening');
    this.#closing.push(() => udp.close());
    return server;
  }

  /** DNS over TLS. */
  tls(): Promise<number> {
    const server = tls.createServer({ cert: CERTIFICATE, key: KEY, ALPNProtocols: ['dot'] }, (socket) =>
      this.#stream(socket),
    );
    return this.#listen(server);
  }

  /** DNS over HTTPS, by HTTP/2 and HTTP/1.1, or by the latter alone. */
  https(isOld = false, status = 200): Promise<number> {
    const serve = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const query = Buffer.concat(chunks);
        const isRight = request.method === 'POST' && request.url === '/dns-query?x=1';
        this.asked.push({
          query,
          by: `${request.httpVersion} ${request.headers['content-type']}`,
          fromPort: request.socket.remotePort ?? 0,
        });
        const [answer] = answersOf(this.answering(query, 'https'));
        response.writeHead(isRight ? status : 404, { 'content-type': 'application/dns-message' });
        response.end(answer ?? Buffer.alloc(0));
      });
    };
    const options = { cert: CERTIFICATE, key: KEY };
    const server = isOld
      ? https.createServer(options, serve as never)
      : http2.createSecureServer({ ...options, allowHTTP1: true }, serve);
    return this.#listen(server);
  }

  /** Cuts all connections off. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    for (const close of this.#closing.splice(0)) close();
    this.cut();
  }

  async #listen(server: net.Server): Promise<number> {
    server.on('connection', (socket: net.Socket) => {
      this.accepted += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, HOST);
    await once(server, 'listening');
    this.#closing.push(() => server.close());
    return (server.address() as net.AddressInfo).port;
  }

  #stream(socket: net.Socket): void {
    const reader = new FrameReader((query) => {
      this.asked.push({ query, by: 'stream', fromPort: socket.remotePort ?? 0 });
      for (const answer of answersOf(this.answering(query, 'stream'))) socket.write(frame(answer));
    });
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => reader.write(chunk));
  }
}

export interface TestServer {
  readonly server: DnsServer;
  readonly plane: DataPlane;
  /** As whose connections those of the server were routed. */
  readonly originated: OwnIdentity[];
  /** Sessions that are not over. */
  readonly open: () => number;
}

/** A configured server whose connections go straight out. */
export function serverAt(url: string, host?: string): TestServer {
  const address = new URL(url);
  const plane = new DataPlane();
  const originated: OwnIdentity[] = [];
  const open = new Set<object>();
  const dispatcher = {
    originate(as: OwnIdentity) {
      originated.push(as);
      const ending = new AbortController();
      const end = (): void => {
        open.delete(session);
        ending.abort();
      };
      const session = { ending, end, close: end };
      open.add(session);
      return session;
    },
    connect: async (session: { ending: AbortController }, to: Parameters<typeof dial>[1]) =>
      new Link(await dial(plane, to, { resolver, timeoutMs: 5000, signal: session.ending.signal })),
    openPackets: () => Promise.resolve(new UdpConn({ resolver })),
  };
  const context = {
    address,
    host: host ?? destination('tcp', address.hostname, 1).host,
    plane,
    dispatcher,
    inboundTag: 'dns-in',
  } as unknown as DnsServerContext;
  const kind = dnsServers[address.protocol.slice(0, -1)];
  if (kind === undefined) throw new TypeError(`no kind ${address.protocol}`);
  return { server: kind.create(context), plane, originated, open: () => open.size };
}
