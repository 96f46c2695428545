import { SystemResolver, type Dns, type Family } from '@sluice/plugin-api';
import type { FakePools } from '../dns/fake/fake-pools.js';
import { SystemServer } from '../dns/servers/system-server.js';
import { buildAnswer } from '../dns/wire/build.js';
import { RCODE } from '../dns/wire/message.js';

/** As long as a server of a configuration has, in ms. */
const SYSTEM_MS = 4000;

/** The instance's DNS as it stands: a service's while there is one, else the operating system's resolver. */
export class CurrentDns implements Dns {
  /** The operating system's, for connections to names that are to be taken as they stand. */
  readonly system = new SystemResolver();
  readonly #others: Dns[] = [];
  readonly #fakes: FakePools;

  constructor(fakes: FakePools) {
    this.#fakes = fakes;
  }

  /** @returns takes it back */
  use(dns: Dns): () => void {
    this.#others.push(dns);
    // Not at once: where another follows, no question is to slip out to the operating system between them.
    return () =>
      void setImmediate(() => {
        const at = this.#others.indexOf(dns);
        if (at >= 0) this.#others.splice(at, 1);
      });
  }

  resolve(domain: string, family?: Family): Promise<string[]> {
    return (this.#others.at(-1) ?? this.system).resolve(domain, family);
  }

  answer(query: Buffer): Promise<Buffer> {
    const dns = this.#others.at(-1);
    if (dns !== undefined) return dns.answer(query);
    return new SystemServer(this.system)
      .exchange(query, AbortSignal.timeout(SYSTEM_MS))
      .catch(() => buildAnswer(query, RCODE.SERVFAIL));
  }

  nameOf(address: string): string | undefined {
    // Programs remember made-up addresses longer than a configuration may last.
    return this.#others.at(-1)?.nameOf(address) ?? this.#fakes.nameOf(address);
  }

  get flush(): Dns['flush'] {
    const dns = this.#others.at(-1);
    return dns?.flush === undefined ? undefined : (what) => dns.flush?.(what);
  }
}
