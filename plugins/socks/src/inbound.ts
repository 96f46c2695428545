import { Buffer } from 'node:buffer';
import {
  ipToBytes,
  SluiceError,
  toSluiceError,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type Link,
  type Session,
  type User,
} from '@sluice/plugin-api';
import { Accounts } from './accounts.js';
import { requested } from './address.js';
import {
  Command,
  formatAuthResult,
  formatChoice,
  formatReply,
  Method,
  parseCredentials,
  parseGreeting,
  parseRequest,
  Reply,
  VERSION,
  type Request,
} from './codec.js';
import { formatReply4, parseRequest4, Reply4, VERSION4 } from './codec4.js';
import { readMessage } from './message.js';
import { replyCodeOf } from './reply-code.js';
import type { InboundSettings } from './schema.js';
import { UdpRelay } from './udp-relay.js';

/** Messages are short; what a client sends ahead of its time is payload and waits for the relay. */
const HANDSHAKE_LIMIT = 1024;

/** A SOCKS 4, 4A and 5 server. */
export class SocksInbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #level: number;
  /** Null where nobody is asked for a password. */
  readonly #accounts: Accounts | null;
  readonly #udp: UdpRelay | null;

  constructor(context: InboundContext<InboundSettings>) {
    const { settings } = context;
    this.#context = context;
    this.#level = settings.userLevel ?? 0;
    this.#accounts = settings.auth === 'password' ? new Accounts(settings.accounts ?? [], this.#level) : null;
    this.#udp = settings.udp === true ? new UdpRelay(context.packets, this.#accounts !== null) : null;
  }

  async accept(link: Link, session: Session): Promise<void> {
    session.user = { level: this.#level };
    link.reader.limit(HANDSHAKE_LIMIT);
    const version = (await link.reader.peek(1))[0];
    if (version === VERSION) await this.#accept5(link, session);
    else if (version === VERSION4) await this.#accept4(link, session);
    else throw new SluiceError('E_PROTOCOL', `the client does not speak SOCKS: its first byte is ${version}`);
  }

  packet(payload: Buffer, source: Endpoint, local: Endpoint, reply: (payload: Buffer) => void): void {
    this.#udp?.packet(payload, source, local, reply);
  }

  async #accept4(link: Link, session: Session): Promise<void> {
    try {
      if (this.#accounts !== null) {
        throw new SluiceError(
          'E_AUTH',
          'the client speaks SOCKS 4, which cannot carry the password that this inbound asks for',
        );
      }
      const request = await readMessage(link.reader, parseRequest4);
      if (request.command !== Command.connect) throw unknownCommand(request.command);
      await this.#connect(link, session, request, formatReply4(Reply4.granted));
    } catch (error) {
      link.write(formatReply4(Reply4.rejected));
      throw error;
    }
  }

  async #accept5(link: Link, session: Session): Promise<void> {
    const user = await this.#authenticate(link);
    if (user !== undefined) session.user = user;
    try {
      const request = await readMessage(link.reader, parseRequest);
      if (request.command === Command.connect)
        await this.#connect(link, session, request, formatReply(Reply.succeeded));
      else if (request.command === Command.udpAssociate) await this.#associate(link, session, request);
      else throw unknownCommand(request.command);
    } catch (error) {
      link.write(formatReply(replyCodeOf(error)));
      throw error;
    }
  }

  /** @returns the user, or undefined where none was asked for */
  async #authenticate(link: Link): Promise<User | undefined> {
    const offered = await readMessage(link.reader, parseGreeting);
    const method = this.#accounts === null ? Method.none : Method.password;
    if (!offered.includes(method)) {
      link.write(formatChoice(Method.unacceptable));
      const wanted = this.#accounts === null ? 'without a password' : 'with user name and password';
      throw new SluiceError('E_AUTH', `the client does not offer to connect ${wanted}`);
    }
    link.write(formatChoice(method));
    if (this.#accounts === null) return undefined;
    const user = this.#accounts.find(await readMessage(link.reader, parseCredentials));
    if (user === undefined) {
      link.write(formatAuthResult(false));
      throw new SluiceError('E_AUTH', 'the user name or the password is wrong');
    }
    link.write(formatAuthResult(true));
    return user;
  }

  async #connect(
    link: Link,
    session: Session,
    request: { host: string; port: number },
    granted: Buffer,
  ): Promise<void> {
    const to = requested('tcp', request);
    // From here on the outbound's limits count, not the time that a client may take to ask.
    session.established();
    const upstream = await this.#context.dispatcher.connect(session, to);
    link.write(granted);
    this.#context.dispatcher.relay(session, link, upstream);
  }

  /** Holds a UDP association for as long as the client keeps its connection open. */
  async #associate(link: Link, session: Session, request: Request): Promise<void> {
    const udp = this.#udp;
    if (udp === null || session.local.port === 0) {
      throw new SluiceError('E_UNSUPPORTED', 'UDP is not enabled on this inbound', {
        details: { reply: Reply.commandNotSupported },
      });
    }
    const association = udp.open(session.source.address, announcedPort(request, session.source), session.user);
    try {
      link.write(formatReply(Reply.succeeded, this.#context.settings.ip ?? session.local.address, session.local.port));
      session.established();
      while ((await link.reader.readSomeOrEnd()).length > 0) {
        // Nothing is due on this connection; it only shows that the client is there.
      }
    } catch (error) {
      // A client that vanishes ends its association just as well as one that says goodbye.
      if (!['E_CONN_CLOSED', 'E_CONN_RESET', 'E_CONN_TIMEOUT'].includes(toSluiceError(error).code)) throw error;
    } finally {
      udp.close(association);
    }
  }
}

function unknownCommand(command: number): SluiceError {
  const what = command === Command.bind ? 'BIND' : `command ${command}`;
  return new SluiceError('E_UNSUPPORTED', `${what} is not supported`, {
    details: { reply: Reply.commandNotSupported },
  });
}

/** Clients behind a NAT and those that do not know yet name an address that is not theirs. */
function announcedPort({ host, port }: Request, source: Endpoint): number {
  try {
    return Buffer.compare(ipToBytes(host), ipToBytes(source.address)) === 0 ? port : 0;
  } catch {
    return 0;
  }
}
