import { SluiceError, toSluiceError, type DnsServer, type Resolver } from '@sluice/plugin-api';
import { buildAnswer } from '../wire/build.js';
import { parseQuery, RCODE, TYPE } from '../wire/message.js';
import { broken } from '../wire/name.js';
import { untilAborted } from './reach.js';

/** The system does not say how long an address is good for; V2Ray takes this, in seconds. */
const TTL = 600;

/** The operating system's resolver, as a server: it knows addresses only. */
export class SystemServer implements DnsServer {
  readonly #resolver: Resolver;

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  async exchange(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    const parsed = parseQuery(query);
    if (parsed === undefined) throw broken();
    const { name, type } = parsed.question;
    if (type !== TYPE.A && type !== TYPE.AAAA)
      throw new SluiceError('E_UNSUPPORTED', "the operating system's resolver knows addresses only");
    try {
      const found = this.#resolver.resolve(name, type === TYPE.A ? 4 : 6);
      return buildAnswer(query, RCODE.NOERROR, await untilAborted(found, signal), TTL);
    } catch (error) {
      const reason = toSluiceError(error, 'E_DNS_FAILED');
      // It does not say whether the name or only the family is unknown.
      if (reason.code === 'E_DNS_NOT_FOUND') return buildAnswer(query, RCODE.NOERROR);
      throw reason;
    }
  }
}
