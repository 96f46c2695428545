import type { LevelPolicy } from '@sluice/plugin-api';
import { Path, type PathOptions } from './path.js';
import type { Abilities, ConformanceCase, Hop } from './subject.js';

/** So short, in ms, that what hangs is ended within a case; a wheel's tick is 100. */
export const HASTY: Partial<LevelPolicy> = { handshake: 300, connIdle: 600, uplinkOnly: 300, downlinkOnly: 300 };

type Body = (path: Path) => Promise<void>;

/** A protocol, and the cases that were made for it so far. */
export class Suite {
  readonly hops: readonly Hop[];
  readonly abilities: Abilities;
  readonly cases: ConformanceCase[] = [];

  constructor(hops: readonly Hop[], abilities: Abilities) {
    this.hops = hops;
    this.abilities = abilities;
  }

  /** Adds a case that runs on a path of its own. @param timeoutMs default 20 s */
  readonly on = (name: string, body: Body, options: PathOptions = {}, timeoutMs = 20_000): void => {
    this.add(name, () => Path.with(this.hops, options, body), timeoutMs);
  };

  /** Adds a case. */
  readonly add = (name: string, run: () => Promise<void>, timeoutMs: number): void => {
    this.cases.push({ name, run, timeoutMs });
  };
}
