import { SluiceError, type DnsServer } from '@sluice/plugin-api';
import { buildAnswer } from '../wire/build.js';
import { parseQuery, RCODE, TYPE } from '../wire/message.js';
import { broken } from '../wire/name.js';
import type { FakePools } from './fake-pools.js';

/** Short, so that programs ask again while the address still stands for the name, in seconds. */
const TTL = 1;

/** The DNS server "fakedns": every name has an address, made up when it is asked for. */
export class FakeServer implements DnsServer {
  readonly #pools: FakePools;

  constructor(pools: FakePools) {
    this.#pools = pools;
  }

  exchange(query: Buffer): Promise<Buffer> {
    const parsed = parseQuery(query);
    if (parsed === undefined) return Promise.reject(broken());
    const { name, type } = parsed.question;
    const address = this.#pools.addressOf(name, type === TYPE.A ? 4 : 6);
    if (address !== undefined) return Promise.resolve(buildAnswer(query, RCODE.NOERROR, [address], TTL));
    // A name that has a made-up address of the other family must not get a real one of this.
    if (this.#pools.hasFamily(type === TYPE.A ? 6 : 4)) return Promise.resolve(buildAnswer(query, RCODE.NOERROR));
    return Promise.reject(new SluiceError('E_DNS_FAILED', 'there are no made-up addresses: "fakedns" is missing'));
  }
}
