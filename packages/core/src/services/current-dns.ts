import { SystemResolver, type Dns, type Family } from '@sluice/plugin-api';
import type { FakePools } from '../dns/fake/fake-pools.js';

/** RFC 1035, 4.1.1: the bytes of a header, and where QR and RCODE are. */
const HEADER_BYTES = 12;
const RESPONSE = 0x80;
const SERVFAIL = 2;

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
    return () => {
      const at = this.#others.indexOf(dns);
      if (at >= 0) this.#others.splice(at, 1);
    };
  }

  resolve(domain: string, family?: Family): Promise<string[]> {
    return (this.#others.at(-1) ?? this.system).resolve(domain, family);
  }

  answer(query: Buffer): Promise<Buffer> {
    return this.#others.at(-1)?.answer(query) ?? Promise.resolve(failure(query));
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

/** Without a DNS of its own the instance knows addresses, not messages. */
function failure(query: Buffer): Buffer {
  const answer = Buffer.from(query);
  if (answer.length < HEADER_BYTES) return answer;
  answer[2] = (answer[2] as number) | RESPONSE;
  answer[3] = SERVFAIL;
  return answer;
}
