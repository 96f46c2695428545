import { Buffer } from 'node:buffer';
import {
  destination,
  formatHostPort,
  ServerRing,
  SluiceError,
  toSluiceError,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type Session,
} from '@sluice/plugin-api';
import { basicAuthorization } from './accounts.js';
import { HeadScanner, HttpError, parseResponse, type ResponseHead } from './codec.js';
import type { OutboundSettings, ServerSettings } from './schema.js';

/** More interim responses than this are not a proxy's. */
const MAX_INTERIM = 8;

/** A proxy of the configuration. */
class Server {
  readonly address: Destination;
  readonly #authorizations: readonly string[];
  #turn = 0;

  constructor({ address, port, users = [] }: ServerSettings) {
    this.address = destination('tcp', address, port);
    this.#authorizations = users.map(({ user, pass }) => basicAuthorization(user, pass));
  }

  /** RFC 9110, section 9.3.6. */
  request(to: Destination): Buffer {
    const target = formatHostPort(to.host, to.port);
    const authorization = this.#authorizations[this.#turn++ % this.#authorizations.length];
    const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
    return Buffer.from(
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}Proxy-Connection: Keep-Alive\r\n\r\n`,
      'latin1',
    );
  }
}

/** Leads TCP through HTTP proxies by CONNECT. */
export class HttpOutbound implements Outbound {
  readonly #context: OutboundContext<OutboundSettings>;
  readonly #servers: ServerRing<Server>;

  constructor(context: OutboundContext<OutboundSettings>) {
    this.#context = context;
    this.#servers = new ServerRing(context.settings.servers.map((server) => new Server(server)));
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    if (to.type === 'unix') throw new SluiceError('E_UNSUPPORTED', 'an HTTP proxy does not lead to Unix sockets');
    const { server, link } = await this.#servers.dial(this.#context.dialer, session);
    try {
      link.write(server.request(to));
      accepted(await readReply(link));
      return link;
    } catch (error) {
      link.destroy();
      throw named(error);
    }
  }
}

/** The final head. What follows it is the tunnel's and stays with the reader. */
async function readReply({ reader }: Link): Promise<ResponseHead> {
  for (let interim = 0; interim <= MAX_INTERIM; interim += 1) {
    const scanner = new HeadScanner({ status: 502, emptyLines: 'skip' });
    let used = -1;
    while (used < 0) {
      const chunk = await reader.readSome();
      used = scanner.write(chunk);
      if (used >= 0 && used < chunk.length) reader.unread(chunk.subarray(used));
    }
    const head = parseResponse(scanner.lines());
    if (head.status >= 200) return head;
    if (head.status === 101) break;
  }
  throw new SluiceError('E_PROTOCOL', 'the HTTP proxy does not come to a final response');
}

/** A body that a success announces is not there (RFC 9110, section 9.3.6). */
function accepted({ status }: ResponseHead): void {
  if (status < 300) return;
  const details = { status };
  if (status === 407)
    throw new SluiceError('E_AUTH', 'the HTTP proxy does not accept the user name and password, or asks for some', {
      details,
    });
  throw new SluiceError('E_UPSTREAM_REJECTED', `the HTTP proxy refused the connection with status ${status}`, {
    details,
  });
}

/** Errors that speak of the proxy, where the codec and the reader speak of "the peer". */
function named(thrown: unknown): SluiceError {
  const error = toSluiceError(thrown);
  if (error instanceof HttpError)
    return new SluiceError(error.code, `the HTTP proxy's reply: ${error.message}`, { cause: error });
  if (error.code === 'E_CONN_CLOSED')
    return new SluiceError(error.code, 'the HTTP proxy closed the connection without a reply', { cause: error });
  if (error.code === 'E_CONN_RESET')
    return new SluiceError(error.code, 'the HTTP proxy reset the connection instead of a reply', { cause: error });
  return error;
}
