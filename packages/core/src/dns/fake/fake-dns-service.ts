import { defineService, toSluiceError, type ProblemReporter, type Service } from '@sluice/plugin-api';
import { AddressRange } from './address-range.js';
import { fakeDnsSettings, type FakeDnsPool, type FakeDnsSettings } from './fake-dns-schema.js';
import type { FakePool, FakePools } from './fake-pools.js';
import { fakePools } from './fake-pools-token.js';

/** V2Ray's. */
const DEFAULT_POOL: FakePool = { ipPool: '198.18.0.0/15', poolSize: 65_535 };

export const fakeDnsService = defineService<FakeDnsSettings>({
  description:
    'Made-up addresses for names: the DNS server "fakedns" answers with them, and a connection to one of them is a connection to its name, if the inbound\'s `sniffing` has "fakedns" in `destOverride`.',
  schema: fakeDnsSettings,
  check(settings, problems) {
    listOf(settings).forEach((pool, index) => checkPool(pool, Array.isArray(settings) ? [index] : [], problems));
  },
  create: (context) => new FakeDnsService(context.get(fakePools), poolsOf(context.settings)),
});

class FakeDnsService implements Service {
  readonly #fakes: FakePools;
  readonly #pools: readonly FakePool[];
  #letGo: () => void = () => undefined;

  constructor(fakes: FakePools, pools: readonly FakePool[]) {
    this.#fakes = fakes;
    this.#pools = pools;
  }

  start(): void {
    this.#letGo = this.#fakes.load(this.#pools);
  }

  close(): void {
    this.#letGo();
  }
}

function listOf(settings: Readonly<FakeDnsSettings>): readonly FakeDnsPool[] {
  return [settings].flat();
}

function poolsOf(settings: Readonly<FakeDnsSettings>): FakePool[] {
  const pools = listOf(settings).map((pool) => ({ ...DEFAULT_POOL, ...pool }));
  return pools.length === 0 ? [DEFAULT_POOL] : pools;
}

function checkPool(
  { ipPool = DEFAULT_POOL.ipPool, poolSize }: FakeDnsPool,
  path: readonly number[],
  problems: ProblemReporter,
): void {
  try {
    const { size } = new AddressRange(ipPool);
    if (size === 0n) problems.error([...path, 'ipPool'], `${ipPool} has no address to give away: take a larger block`);
    // The first and the last are not given away, but V2Ray counts one of them.
    else if (poolSize !== undefined && BigInt(poolSize) > size + 1n)
      problems.error([...path, 'poolSize'], `${ipPool} has fewer addresses than that: ${size}`);
  } catch (error) {
    problems.error([...path, 'ipPool'], toSluiceError(error).message);
  }
}
