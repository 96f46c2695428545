import { isIP } from 'node:net';
import { SluiceError, toSluiceError, type Dns, type Family, type Logger, type Resolver } from '@sluice/plugin-api';
import { canonicalName } from './canonical-name.js';
import type { AnswerCache, CachedAnswer } from './cache.js';
import type { Hosts } from './hosts.js';
import type { Upstream, UpstreamAnswer } from './upstream.js';
import { buildAnswer, withId } from './wire/build.js';
import { parseQuery, RCODE, TYPE, type Query } from './wire/message.js';

/** Far less than some servers say, so that a mistake is not kept for a month, in seconds. */
const MAX_TTL = 86_400;
const MAX_NEGATIVE_TTL = 600;
/** An entry of `hosts` may change with the next reload, in seconds. */
const HOSTS_TTL = 10;
/** Questions that are asked of servers at a time. */
const MAX_OPEN = 1024;
/** What is still open is given up after this long, in ms; less than an instance waits for connections to close. */
const CLOSE_MS = 1000;

export interface DnsResolverOptions {
  readonly hosts: Hosts;
  readonly upstreams: readonly Upstream[];
  readonly cache: AnswerCache;
  readonly disableFallback: boolean;
  readonly disableFallbackIfMatch: boolean;
  /** The operating system's, for the names of the servers themselves. */
  readonly system: Resolver;
  readonly nameOf: (address: string) => string | undefined;
  readonly forgetFakes: () => void;
  readonly logger: Logger;
}

/** A configuration's `dns`: hosts first, then what is kept, then the servers in their order. */
export class DnsResolver implements Dns {
  readonly #options: DnsResolverOptions;
  /** The same question, asked by many at once, is sent once. */
  readonly #open = new Map<string, Promise<CachedAnswer>>();

  readonly #hasFakes: boolean;
  /** Questions for other things than addresses that are open. */
  readonly #passed = new Set<Promise<Buffer>>();

  constructor(options: DnsResolverOptions) {
    this.#options = options;
    this.#hasFakes = options.upstreams.some((upstream) => upstream.options.isFake);
  }

  async resolve(domain: string, family?: Family): Promise<string[]> {
    if (isIP(domain) !== 0) return [domain];
    const name = canonicalName(domain);
    if (name === undefined) throw notFound(domain.slice(0, 64));
    const entry = this.#options.hosts.find(name);
    if (entry !== undefined && 'addresses' in entry) {
      const fitting = entry.addresses.filter((address) => family === undefined || isIP(address) === family);
      if (fitting.length === 0) throw notFound(name);
      return [...fitting];
    }
    const asked = entry?.alias ?? name;
    // To ask a server where it is itself would be to wait for oneself.
    if (this.#options.upstreams.some(({ options }) => options.hostname === asked))
      return this.#options.system.resolve(asked, family);
    if (family !== undefined) {
      const { addresses } = await this.#lookup(asked, family, false);
      if (addresses.length === 0) throw notFound(name);
      return [...addresses];
    }
    const found = await Promise.allSettled([this.#lookup(asked, 4, false), this.#lookup(asked, 6, false)]);
    const answers = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    const addresses = ofFirstServer(answers.filter((answer) => answer.addresses.length > 0));
    if (addresses.length > 0) return addresses;
    // A family that failed may have had one; only where all have answered is it known that there is none.
    const failed = found.find((each) => each.status === 'rejected');
    throw failed === undefined ? notFound(name) : toSluiceError(failed.reason, 'E_DNS_FAILED');
  }

  async answer(query: Buffer): Promise<Buffer> {
    const parsed = parseQuery(query);
    if (parsed === undefined) return buildAnswer(query, RCODE.FORMERR);
    const { type, class: of } = parsed.question;
    try {
      if (of !== 1 || isOfMany(type)) return buildAnswer(query, RCODE.REFUSED);
      return type === TYPE.A || type === TYPE.AAAA
        ? await this.#answerAddresses(query, parsed, type === TYPE.A ? 4 : 6)
        : await this.#pass(query, parsed);
    } catch (error) {
      this.#options.logger.debug('a question was not answered', { reason: toSluiceError(error).message });
      return buildAnswer(query, RCODE.SERVFAIL);
    }
  }

  nameOf(address: string): string | undefined {
    return this.#options.nameOf(address);
  }

  flush(what: 'answers' | 'fakes'): void {
    if (what === 'answers') this.#options.cache.clear();
    else this.#options.forgetFakes();
  }

  /** Questions that are open get a little time to be answered: a reload is no reason to fail. */
  close(): void {
    const open = [...this.#open.values(), ...this.#passed];
    if (open.length === 0) {
      this.#closeServers();
      return;
    }
    const late = setTimeout(() => this.#closeServers(), CLOSE_MS);
    void Promise.allSettled(open).then(() => {
      clearTimeout(late);
      this.#closeServers();
    });
  }

  #closeServers(): void {
    for (const { options } of this.#options.upstreams) options.server.close?.();
  }

  async #answerAddresses(query: Buffer, { question }: Query, family: Family): Promise<Buffer> {
    const entry = this.#options.hosts.find(question.name);
    if (entry !== undefined && 'addresses' in entry) {
      const fitting = entry.addresses.filter((address) => isIP(address) === family);
      return buildAnswer(query, RCODE.NOERROR, fitting, HOSTS_TTL);
    }
    const { addresses, exists, expiresAt } = await this.#lookup(entry?.alias ?? question.name, family, true);
    const ttl = Math.max(0, Math.ceil((expiresAt - Date.now()) / 1000));
    return buildAnswer(query, exists ? RCODE.NOERROR : RCODE.NXDOMAIN, addresses, ttl);
  }

  /** What is no question for addresses goes to the first server that can be asked. */
  async #pass(query: Buffer, parsed: Query): Promise<Buffer> {
    if (this.#passed.size >= MAX_OPEN) throw tooMany();
    const passed = this.#passOn(query, parsed);
    this.#passed.add(passed);
    try {
      return await passed;
    } finally {
      this.#passed.delete(passed);
    }
  }

  async #passOn(query: Buffer, { id, question }: Query): Promise<Buffer> {
    let last: SluiceError | undefined;
    for (const upstream of this.#inOrder(question.name)) {
      if (upstream.options.isFake) continue;
      try {
        return withId(await upstream.exchange(query), id);
      } catch (error) {
        last = toSluiceError(error);
      }
    }
    throw last ?? new SluiceError('E_DNS_FAILED', 'no DNS server can be asked');
  }

  /** @param fakes whether made-up addresses will do */
  #lookup(name: string, family: Family, fakes: boolean): Promise<CachedAnswer> {
    const type = family === 4 ? TYPE.A : TYPE.AAAA;
    // What is made up is kept by those who make it up.
    if (fakes && this.#hasFakes) {
      const upstreams = this.#inOrder(name);
      if (upstreams[0]?.options.isFake === true) return this.#ask(name, type, family, upstreams);
    }
    const kept = this.#options.cache.get(name, type);
    if (kept !== undefined) return Promise.resolve(kept);
    const key = `${type} ${name}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    if (this.#open.size >= MAX_OPEN) return Promise.reject(tooMany());
    const real = this.#inOrder(name).filter(({ options }) => !options.isFake);
    const asked = this.#ask(name, type, family, real).finally(() => this.#open.delete(key));
    this.#open.set(key, asked);
    return asked;
  }

  async #ask(name: string, type: number, family: Family, upstreams: readonly Upstream[]): Promise<CachedAnswer> {
    let last: SluiceError | undefined;
    for (const [rank, upstream] of upstreams.entries()) {
      if (!upstream.asksFor(family)) continue;
      try {
        return this.#keep(name, type, { ...(await upstream.lookup(name, type)), rank }, upstream.options.isFake);
      } catch (error) {
        last = toSluiceError(error, 'E_DNS_FAILED');
        this.#options.logger.debug(`${upstream.options.name} did not resolve ${name}`, { reason: last.message });
      }
    }
    if (last !== undefined) throw last;
    // No server is asked for this family.
    return { addresses: [], exists: true, expiresAt: Date.now() };
  }

  #keep(
    name: string,
    type: number,
    { ttl: told, ...answer }: UpstreamAnswer & { readonly rank: number },
    isFake: boolean,
  ): CachedAnswer {
    const ttl = Math.min(told, answer.addresses.length > 0 ? MAX_TTL : MAX_NEGATIVE_TTL);
    if (isFake) return { ...answer, expiresAt: Date.now() + ttl * 1000 };
    return this.#options.cache.set(name, type, answer, ttl);
  }

  /** Those whose `domains` have the name, then the others, as far as they may be asked for it; never none. */
  #inOrder(name: string): readonly Upstream[] {
    const { upstreams, disableFallback, disableFallbackIfMatch } = this.#options;
    const wanting = upstreams.filter((upstream) => upstream.wants(name));
    const isFinal = disableFallback || (disableFallbackIfMatch && wanting.length > 0);
    const others = isFinal
      ? []
      : upstreams.filter((upstream) => !upstream.options.skipFallback && !wanting.includes(upstream));
    const inOrder = [...wanting, ...others];
    // As in V2Ray, the first one is asked where nobody may be.
    return inOrder.length > 0 ? inOrder : upstreams.slice(0, 1);
  }
}

/**
 * The addresses of both families, from the same server: where the first one's of one family were not
 * the expected ones, those of another server are not wanted beside its own.
 */
function ofFirstServer(answers: readonly CachedAnswer[]): string[] {
  const rankOf = ({ rank = 0 }: CachedAnswer): number => rank;
  const first = Math.min(...answers.map(rankOf));
  return answers.flatMap((answer) => (rankOf(answer) === first ? answer.addresses : []));
}

function notFound(name: string): SluiceError {
  return new SluiceError('E_DNS_NOT_FOUND', `${name} has no address`);
}

function tooMany(): SluiceError {
  return new SluiceError('E_DNS_FAILED', `more than ${MAX_OPEN} questions are open`);
}

/** All records of a name, or whole zones: not for one message to answer (RFC 8482, RFC 5936). */
function isOfMany(type: number): boolean {
  return type >= TYPE.IXFR && type <= TYPE.ANY;
}
