import { ipToBytes, SluiceError, toSluiceError, type DnsServer, type Logger } from '@sluice/plugin-api';
import type { DomainSet } from '../routing/index/domain-index.js';
import type { IpSelection } from '../routing/matchers/ip-selection.js';
import type { QueryStrategy } from './schema.js';
import { untilAborted } from './servers/reach.js';
import { buildQuery } from './wire/build.js';
import { isAnswerTo, parseAnswer, RCODE, refusesExtensions } from './wire/message.js';

/** V2Ray gives each server this long, in ms. */
const LIMIT_MS = 4000;
/** For an answer that does not say how long it may be kept, in seconds. */
const DEFAULT_NEGATIVE_TTL = 30;

/** What a server says of a name's addresses of one family. */
export interface UpstreamAnswer {
  /** Empty: there are none. */
  readonly addresses: readonly string[];
  /** Whether the name itself exists. */
  readonly exists: boolean;
  /** In seconds. */
  readonly ttl: number;
}

export interface UpstreamOptions {
  /** As configured, for logs. */
  readonly name: string;
  readonly server: DnsServer;
  readonly domains: DomainSet | undefined;
  readonly expectIps: IpSelection | undefined;
  readonly clientIp: string | undefined;
  readonly strategy: QueryStrategy;
  readonly skipFallback: boolean;
  /** It makes addresses up, for those who ask by a DNS message only. */
  readonly isFake: boolean;
  /** The name in its own address, which it cannot be asked for. */
  readonly hostname: string;
  readonly logger: Logger;
}

/** One configured server, with what it is asked for and what is believed of it. */
export class Upstream {
  readonly options: UpstreamOptions;
  /** Said once, not with every question. */
  #isFailing = false;
  /** It has answered questions only without extensions. */
  #isOld = false;

  constructor(options: UpstreamOptions) {
    this.options = options;
  }

  wants(name: string): boolean {
    return this.options.domains?.has(name) === true;
  }

  asksFor(family: 4 | 6): boolean {
    const { strategy } = this.options;
    return strategy === 'UseIP' || strategy === (family === 4 ? 'UseIPv4' : 'UseIPv6');
  }

  /** @throws SluiceError E_DNS_FAILED, or of the dial */
  async lookup(name: string, type: number): Promise<UpstreamAnswer> {
    const { expectIps } = this.options;
    const answer = parseAnswer(await this.#ask(name, type));
    if (answer.isTruncated) throw new SluiceError('E_DNS_FAILED', `${this.options.name} gave a part of an answer`);
    if (answer.rcode === RCODE.NXDOMAIN)
      return { addresses: [], exists: false, ttl: answer.ttl ?? DEFAULT_NEGATIVE_TTL };
    if (answer.rcode !== RCODE.NOERROR)
      throw new SluiceError('E_DNS_FAILED', `${this.options.name} answered with the code ${answer.rcode}`);
    const addresses =
      expectIps === undefined
        ? answer.addresses
        : answer.addresses.filter((address) => expectIps.has(ipToBytes(address)));
    if (answer.addresses.length > 0 && addresses.length === 0)
      throw new SluiceError('E_DNS_FAILED', `${this.options.name} answered with none of the expected addresses`);
    return { addresses, exists: true, ttl: answer.ttl ?? DEFAULT_NEGATIVE_TTL };
  }

  async #ask(name: string, type: number): Promise<Buffer> {
    const { clientIp } = this.options;
    if (!this.#isOld) {
      const answer = await this.exchange(buildQuery(name, type, clientIp));
      if (!refusesExtensions(answer)) return answer;
    }
    const answer = await this.exchange(buildQuery(name, type, undefined, false));
    this.#isOld = !refusesExtensions(answer);
    return answer;
  }

  /** Any message, within the time that a server has. @throws SluiceError E_DNS_FAILED, or of the dial */
  async exchange(query: Buffer): Promise<Buffer> {
    try {
      const signal = AbortSignal.timeout(LIMIT_MS);
      const answer = await untilAborted(this.options.server.exchange(query, signal), signal);
      // Whatever kind of server a plugin has brought.
      if (!isAnswerTo(answer, query)) throw new SluiceError('E_DNS_FAILED', 'it answered another question');
      this.#note(undefined);
      return answer;
    } catch (error) {
      const reason = toSluiceError(error, 'E_DNS_FAILED');
      this.#note(reason);
      throw reason;
    }
  }

  #note(failure: SluiceError | undefined): void {
    // What it was not made for, or was not asked to the end, says nothing about it.
    if (failure?.code === 'E_CLOSING' || failure?.code === 'E_UNSUPPORTED') return;
    if (this.#isFailing === (failure !== undefined)) return;
    this.#isFailing = failure !== undefined;
    const { name, logger } = this.options;
    if (failure === undefined) logger.info(`the DNS server ${name} answers again`);
    else logger.warn(`the DNS server ${name} does not answer: ${failure.message}`, { code: failure.code });
  }
}
