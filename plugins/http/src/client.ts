import {
  SluiceError,
  toSluiceError,
  Link,
  type InboundContext,
  type LevelPolicy,
  type Session,
  type TimerEntry,
} from '@sluice/plugin-api';
import { CHALLENGE, type Accounts } from './accounts.js';
import { bodyDecoder, HeadScanner, HttpError, parseRequest, type RequestHead } from './codec.js';
import { Exchange, type ExchangeEnd } from './exchange.js';
import { CONNECTED, reply, statusOf } from './reply.js';
import { attributesOf, originHead, understand, type ProxyRequest } from './request.js';
import type { InboundSettings } from './schema.js';

/** The body of a refused request is read up to this size, so that the connection stays usable. */
const MAX_SKIPPED = 64 * 1024;
const DEFAULT_TIMEOUT = 300;

/** A client's connection: request after request, until one of them takes it over. */
export class ProxyClient {
  readonly #context: InboundContext<InboundSettings>;
  readonly #accounts: Accounts | null;
  readonly #link: Link;
  readonly #session: Session;
  readonly #policy: LevelPolicy;
  /** A request was let in: from here on the runtime does not limit the time any more. */
  #admitted = false;
  #refusal: SluiceError | undefined;

  /** @param link has no codecs */
  constructor(context: InboundContext<InboundSettings>, accounts: Accounts | null, link: Link, session: Session) {
    this.#context = context;
    this.#accounts = accounts;
    this.#link = link;
    this.#session = session;
    this.#policy = context.policy.level(context.settings.userLevel ?? 0);
  }

  /** @throws SluiceError E_PROTOCOL, E_AUTH, E_UNSUPPORTED, E_HANDSHAKE_*, E_CONN_*; for CONNECT, those of the dial */
  async run(): Promise<void> {
    for (;;) {
      const request = await this.#nextRequest();
      if (request === undefined || !(await this.#serve(request))) break;
    }
    if (!this.#admitted && this.#refusal !== undefined) throw this.#refusal;
  }

  /** Undefined where the client has ended, or waited too long, between two requests. */
  async #nextRequest(): Promise<ProxyRequest | undefined> {
    try {
      const head = await this.#readHead();
      return head === undefined ? undefined : understand(head, this.#context.settings.allowTransparent === true);
    } catch (error) {
      // Nobody knows where the next request would begin.
      if (error instanceof HttpError) this.#link.write(reply(error.status, { close: true }));
      throw error;
    }
  }

  async #readHead(): Promise<RequestHead | undefined> {
    const { reader } = this.#link;
    const scanner = new HeadScanner({ status: 400, emptyLines: 'skip' });
    const idleMs = (this.#context.settings.timeout ?? DEFAULT_TIMEOUT) * 1000;
    let limit = this.#limit(idleMs > 0 ? idleMs : this.#policy.connIdle);
    let begun = false;
    try {
      for (;;) {
        const chunk = await reader.readSomeOrEnd();
        if (chunk.length === 0)
          throw new SluiceError('E_CONN_CLOSED', 'the client closed the connection before its request was complete');
        if (!begun) {
          begun = true;
          this.#lift(limit);
          limit = this.#limit(this.#policy.handshake);
        }
        const used = scanner.write(chunk);
        if (used < 0) continue;
        if (used < chunk.length) reader.unread(chunk.subarray(used));
        return parseRequest(scanner.lines());
      }
    } catch (error) {
      const isBetween = !begun && (this.#admitted || this.#refusal !== undefined);
      if (isBetween && toSluiceError(error).code.startsWith('E_CONN_')) return undefined;
      throw error;
    } finally {
      this.#lift(limit);
    }
  }

  /** @returns whether another request may follow */
  async #serve(request: ProxyRequest): Promise<boolean> {
    const values = request.head.fields.values('proxy-authorization');
    const level = this.#context.settings.userLevel ?? 0;
    if (this.#accounts === null) {
      this.#session.user = { level };
    } else {
      const email = values.length === 1 ? this.#accounts.find(values[0]) : undefined;
      if (email === undefined) {
        const what =
          values.length === 0 ? 'the client gave no user name and password' : 'the user name or the password is wrong';
        this.#refusal = new SluiceError('E_AUTH', what);
        return this.#refuse(request, 407, CHALLENGE);
      }
      this.#session.user = { level, email };
    }
    this.#admitted = true;
    this.#session.established();
    return request.head.method === 'CONNECT' ? this.#tunnel(request) : this.#exchange(request);
  }

  async #tunnel(request: ProxyRequest): Promise<boolean> {
    const { dispatcher } = this.#context;
    this.#session.attributes = attributesOf(request);
    let answered = false;
    const goAhead = (): void => {
      answered = true;
      this.#link.write(CONNECTED);
    };
    let upstream: Link;
    try {
      upstream = await dispatcher.connect(this.#session, request.target.to, { client: this.#link, goAhead });
    } catch (error) {
      // Within the tunnel an answer of ours would be taken for the target's.
      if (!answered) this.#link.write(reply(statusOf(error), { close: true }));
      throw error;
    }
    if (!answered) goAhead();
    dispatcher.relay(this.#session, this.#link, upstream);
    return false;
  }

  /**
   * Each request is routed by itself and has an upstream connection of its own: two requests to one
   * host may match different rules by their path, and no response can be taken for another's.
   */
  async #exchange(request: ProxyRequest): Promise<boolean> {
    const { dispatcher, plane } = this.#context;
    const session = this.#session.fork();
    session.user = this.#session.user;
    session.attributes = attributesOf(request);
    const payload = originHead(request);
    let upstream: Link;
    try {
      upstream = await dispatcher.connect(session, request.target.to, { payload });
    } catch (error) {
      return this.#refuse(request, statusOf(error));
    }
    const exchange = new Exchange(this.#link, request, { timers: plane.timers, drainMs: this.#policy.connIdle });
    const client = new Link(exchange);
    client.reader.unread(payload);
    dispatcher.relay(session, client, upstream);
    return this.#conclude(request, await exchange.ended);
  }

  async #conclude(request: ProxyRequest, end: ExchangeEnd): Promise<boolean> {
    if (end.kind === 'next') return true;
    if (end.kind === 'gone' || end.kind === 'close') return false;
    if (end.inSync && request.keepAlive) {
      this.#link.write(reply(end.status, { close: false }));
      return true;
    }
    this.#link.write(reply(end.status, { close: true }));
    return false;
  }

  /** Answers a request whose body has not been read. */
  async #refuse(request: ProxyRequest, status: number, fields = ''): Promise<boolean> {
    const { framing, keepAlive, expectsContinue } = request;
    const isShort = framing.kind !== 'length' || framing.length <= MAX_SKIPPED;
    // A client that waits for "100 Continue" may or may not send its body after another answer.
    const goesOn = keepAlive && isShort && (framing.kind === 'none' || !expectsContinue);
    if (!goesOn) {
      this.#link.write(reply(status, { close: true, fields }));
      return false;
    }
    this.#link.write(reply(status, { close: false, fields }));
    return this.#skipBody(request);
  }

  async #skipBody({ framing }: ProxyRequest): Promise<boolean> {
    const { reader } = this.#link;
    const decoder = bodyDecoder(framing, 400);
    const limit = this.#limit(this.#policy.handshake);
    try {
      for (let skipped = 0; !decoder.done;) {
        const chunk = await reader.readSomeOrEnd();
        const used = decoder.write(chunk, () => undefined);
        if (used < chunk.length) reader.unread(chunk.subarray(used));
        skipped += used;
        if (chunk.length === 0 || skipped > MAX_SKIPPED) return false;
      }
      return true;
    } catch {
      // Malformed, or the client is gone: the refusal was said, and there is nothing to add.
      return false;
    } finally {
      this.#lift(limit);
    }
  }

  /** Ends the connection unless lifted in time; until a request is let in the runtime does that. */
  #limit(ms: number): TimerEntry | undefined {
    if (!this.#admitted) return undefined;
    const late = new SluiceError('E_CONN_TIMEOUT', 'the client did not send its next request in time');
    return this.#context.plane.timers.after(ms, () => this.#link.destroy(late));
  }

  #lift(limit: TimerEntry | undefined): void {
    if (limit !== undefined) this.#context.plane.timers.cancel(limit);
  }
}
