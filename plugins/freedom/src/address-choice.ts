import { hostType, interleave, SluiceError, type Destination, type Family, type Resolver } from '@sluice/plugin-api';

/** V2Ray dials this often before it gives up. */
const MAX_ADDRESSES = 5;

/** Resolves targets here rather than where they are dialled: V2Ray's `UseIP` and its kin. */
export class AddressChoice {
  readonly #resolver: Resolver;
  readonly #family: Family | undefined;

  /** @param family the only one that is used; both if undefined */
  constructor(resolver: Resolver, family: Family | undefined) {
    this.#resolver = resolver;
    this.#family = family;
  }

  /**
   * Where to dial for the domain, the best first; at least one.
   * @throws SluiceError E_DNS_NOT_FOUND, E_DNS_FAILED
   */
  async resolve(to: Destination): Promise<[Destination, ...Destination[]]> {
    const found = await this.#resolver.resolve(to.host, this.#family);
    const [first, ...rest] = interleave(found)
      .slice(0, MAX_ADDRESSES)
      .map((host) => ({ network: to.network, type: hostType(host), host, port: to.port }));
    if (first === undefined) throw new SluiceError('E_DNS_NOT_FOUND', `${to.host} has no address`);
    return [first, ...rest];
  }
}
