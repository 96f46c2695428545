import { promises as dns } from 'node:dns';
import { errnoOf, SluiceError } from '../errors.js';

/** The version of the Internet Protocol. */
export type Family = 4 | 6;

/** Turns names into addresses. */
export interface Resolver {
  /**
   * All addresses of the name, in order of preference, at least one.
   * @throws SluiceError E_DNS_NOT_FOUND, E_DNS_FAILED
   */
  resolve(domain: string, family?: Family): Promise<string[]>;
}

/** The operating system's resolver (getaddrinfo). */
export class SystemResolver implements Resolver {
  async resolve(domain: string, family?: Family): Promise<string[]> {
    try {
      const found = await dns.lookup(domain, { all: true, family: family ?? 0, order: 'verbatim' });
      if (found.length === 0) throw new SluiceError('E_DNS_NOT_FOUND', `${domain} has no address`);
      return found.map((entry) => entry.address);
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      const errno = errnoOf(error) ?? 'unknown';
      if (errno === 'ENOTFOUND' || errno === 'ENODATA') {
        throw new SluiceError('E_DNS_NOT_FOUND', `${domain} has no address`, { cause: error });
      }
      throw new SluiceError('E_DNS_FAILED', `${domain} could not be resolved (${errno})`, { cause: error });
    }
  }
}
