import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { EventQueue } from '../fake-dc/event-queue.js';
import { createSelfSignedCertificate } from './certificate.js';
import { misbehave, type ConfigFault } from './config-faults.js';
import { proxyConfigText, type MiddleProxyAddresses } from './proxy-config-text.js';

/** What Telegram offers to proxies over HTTPS, by the names of the paths. */
export type ConfigDocument = 'getProxySecret' | 'getProxyConfig' | 'getProxyConfigV6';

export interface FakeProxyConfigServerOptions {
  /** Default: HTTPS with a certificate of its own for `names`. */
  readonly scheme?: 'https' | 'http';
  /** Whom the certificate is for; default localhost and the loopback addresses. */
  readonly names?: readonly string[];
  /** Default 127.0.0.1. */
  readonly host?: '127.0.0.1' | '::1';
  /** Default: 128 random bytes. */
  readonly secret?: Uint8Array;
  /** The middle proxies of each family; default none. */
  readonly addresses?: MiddleProxyAddresses;
  readonly addressesV6?: MiddleProxyAddresses;
}

/** A loopback server in core.telegram.org's place. */
export interface FakeProxyConfigServer {
  readonly port: number;
  /** `scheme://localhost:port`; the document's name is the path. */
  readonly origin: string;
  readonly secret: Buffer;
  /** The PEM file of the certificate, for NODE_EXTRA_CA_CERTS; undefined without TLS. */
  readonly certificateFile: string | undefined;
  /** The same as text. */
  readonly certificate: string | undefined;
  /** Whole requests for a document so far. */
  requests(document: ConfigDocument): number;
  /** The next request for any document, answered or not. `timeout` in milliseconds, default 10,000. */
  nextRequest(timeout?: number): Promise<ConfigDocument>;
  /** Answers with this from now on. */
  serve(document: ConfigDocument, content: Uint8Array | string): void;
  /** Misbehaves from now on, or no longer. */
  spoil(document: ConfigDocument, fault: ConfigFault | undefined): void;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

export async function startFakeProxyConfigServer(
  options: FakeProxyConfigServerOptions = {},
): Promise<FakeProxyConfigServer> {
  const secret = Buffer.from(options.secret ?? randomBytes(128));
  const contents = new Map<string, Buffer>([
    ['getProxySecret', secret],
    ['getProxyConfig', Buffer.from(proxyConfigText(options.addresses ?? {}))],
    ['getProxyConfigV6', Buffer.from(proxyConfigText(options.addressesV6 ?? {}))],
  ]);
  const faults = new Map<string, ConfigFault>();
  const counts = new Map<string, number>();
  const requests = new EventQueue<ConfigDocument>();

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const document = (request.url ?? '').slice(1);
    const content = request.method === 'GET' ? contents.get(document) : undefined;
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    counts.set(document, (counts.get(document) ?? 0) + 1);
    requests.push(document as ConfigDocument);
    const fault = faults.get(document);
    if (fault !== undefined) misbehave(fault, response, content);
    else response.writeHead(200, { 'content-type': 'text/plain', 'content-length': content.length }).end(content);
  };

  const certificate =
    options.scheme === 'http'
      ? undefined
      : await createSelfSignedCertificate(options.names ?? ['localhost', '127.0.0.1', '::1']);
  const server =
    certificate === undefined
      ? createHttpServer(answer)
      : createHttpsServer({ cert: certificate.certificate, key: certificate.key }, answer);
  server.listen(0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    origin: `${options.scheme ?? 'https'}://localhost:${port}`,
    secret,
    certificateFile: certificate?.file,
    certificate: certificate?.certificate,
    requests: (document) => counts.get(document) ?? 0,
    nextRequest: (timeout = 10_000) => requests.next('request', timeout),
    serve: (document, content) => void contents.set(document, Buffer.from(content)),
    spoil(document, fault) {
      if (fault === undefined) faults.delete(document);
      else faults.set(document, fault);
    },
    async close() {
      requests.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await certificate?.remove();
    },
  };
}
