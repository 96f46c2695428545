import { Buffer } from 'node:buffer';
import {
  ipToBytes,
  SluiceError,
  toSluiceError,
  type Endpoint,
  type Inbound,
  type InboundContext,
  type InboundUsers,
  type Link,
  type Session,
} from '@sluice/plugin-api';
import { AccountUsers } from './account-users.js';
import { Accounts } from './accounts.js';
import { requested } from './address.js';
import { Answer } from './answer.js';
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
/** What may wait while it is looked at for routing. */
const PAYLOAD_LIMIT = 64 * 1024;

/** A SOCKS 4, 4A and 5 server. */
export class SocksInbound implements Inbound {
  readonly #context: InboundContext<InboundSettings>;
  readonly #level: number;
  /** Null where nobody is asked for a password. */
  readonly #accounts: Accounts | null;
  readonly users?: InboundUsers;
  #previous: Accounts | null = null;
  #revoked: readonly string[] = [];
  readonly #udp: UdpRelay | null;

  constructor(context: InboundContext<InboundSettings>) {
    const { settings } = context;
    this.#context = context;
    this.#level = settings.userLevel ?? 0;
    this.#accounts = settings.auth === 'password' ? new Accounts(settings.accounts ?? [], this.#level) : null;
    if (this.#accounts !== null) this.users = new AccountUsers(this.#accounts);
    this.#udp = settings.udp === true ? new UdpRelay(context.packets, this.#accounts !== null) : null;
  }

  succeed(previous: Inbound): readonly string[] {
    if (!(previous instanceof SocksInbound) || previous.#accounts === null || this.#accounts === null) return [];
    this.#previous = previous.#accounts;
    this.#revoked = previous.#accounts.missingFrom(this.#context.settings.accounts ?? []);
    return this.#revoked;
  }

  start(): void {
    // Who is still on the way in over there must not get in any more.
    this.#previous?.bar(this.#revoked);
  }

  close(): void {
    // Where it never came to its turn, the one before goes on as it was.
    this.#previous?.bar([]);
    this.#previous = null;
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
    const answer = new Answer(link);
    try {
      if (this.#accounts !== null) {
        throw new SluiceError(
          'E_AUTH',
          'the client speaks SOCKS 4, which cannot carry the password that this inbound asks for',
        );
      }
      const request = await readMessage(link.reader, parseRequest4);
      if (request.command !== Command.connect) throw unknownCommand(request.command);
      await this.#connect(link, session, request, () => answer.give(formatReply4(Reply4.granted)));
    } catch (error) {
      answer.give(formatReply4(Reply4.rejected));
      throw error;
    }
  }

  async #accept5(link: Link, session: Session): Promise<void> {
    await this.#authenticate(link, session);
    const answer = new Answer(link);
    try {
      const request = await readMessage(link.reader, parseRequest);
      if (request.command === Command.connect)
        await this.#connect(link, session, request, () => answer.give(formatReply(Reply.succeeded)));
      else if (request.command === Command.udpAssociate) await this.#associate(link, session, request, answer);
      else throw unknownCommand(request.command);
    } catch (error) {
      answer.give(formatReply(replyCodeOf(error)));
      throw error;
    }
  }

  /** Names the user, where one is asked for. */
  async #authenticate(link: Link, session: Session): Promise<void> {
    const offered = await readMessage(link.reader, parseGreeting);
    const method = this.#accounts === null ? Method.none : Method.password;
    if (!offered.includes(method)) {
      link.write(formatChoice(Method.unacceptable));
      const wanted = this.#accounts === null ? 'without a password' : 'with user name and password';
      throw new SluiceError('E_AUTH', `the client does not offer to connect ${wanted}`);
    }
    link.write(formatChoice(method));
    if (this.#accounts === null) return;
    const user = this.#accounts.find(await readMessage(link.reader, parseCredentials));
    if (user === undefined) {
      link.write(formatAuthResult(false));
      throw new SluiceError('E_AUTH', 'the user name or the password is wrong');
    }
    // At once: whoever is removed from now on is found by it.
    session.user = user;
    link.write(formatAuthResult(true));
  }

  async #connect(
    link: Link,
    session: Session,
    request: { host: string; port: number },
    grant: () => void,
  ): Promise<void> {
    const to = requested('tcp', request);
    // From here on the outbound's limits count, not the time that a client may take to ask.
    session.established();
    link.reader.limit(PAYLOAD_LIMIT);
    const upstream = await this.#context.dispatcher.connect(session, to, { client: link, goAhead: grant });
    grant();
    this.#context.dispatcher.relay(session, link, upstream);
  }

  /** Holds a UDP association for as long as the client keeps its connection open. */
  async #associate(link: Link, session: Session, request: Request, answer: Answer): Promise<void> {
    const udp = this.#udp;
    if (udp === null || session.local.port === 0) {
      throw new SluiceError('E_UNSUPPORTED', 'UDP is not enabled on this inbound', {
        details: { reply: Reply.commandNotSupported },
      });
    }
    const association = udp.open(session.source.address, announcedPort(request, session.source), session.user);
    try {
      const { address, port } = session.local;
      answer.give(formatReply(Reply.succeeded, this.#context.settings.ip ?? address, port));
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
