import type { Logger } from '@sluice/plugin-api';
import type { ProbeTarget } from './probe-target.js';
import type { Prober } from './prober.js';

/** Whether the network itself is there, so that no outbound is blamed for its absence. */
export class Connectivity {
  readonly #prober: Prober;
  readonly #target: ProbeTarget | undefined;
  readonly #logger: Logger;
  #check: Promise<boolean> | undefined;
  /** What the last check has found. */
  isDown = false;

  /** @param target undefined: it is always there */
  constructor(prober: Prober, target: ProbeTarget | undefined, logger: Logger) {
    this.#prober = prober;
    this.#target = target;
    this.#logger = logger;
  }

  /** Asks now; those who ask at the same time share one answer. Never rejects. */
  isThere(): Promise<boolean> {
    if (this.#target === undefined) return Promise.resolve(true);
    this.#check ??= this.#ask(this.#target).finally(() => (this.#check = undefined));
    return this.#check;
  }

  async #ask(target: ProbeTarget): Promise<boolean> {
    const isThere = await this.#prober.direct(target).then(
      () => true,
      () => false,
    );
    if (this.isDown === isThere)
      this.#logger.warn(
        isThere ? 'the network is back' : 'the network is down: outbounds are not probed until it is back',
      );
    this.isDown = !isThere;
    return isThere;
  }
}
