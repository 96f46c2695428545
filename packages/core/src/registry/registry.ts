import { SluiceError } from '@sluice/plugin-api';

interface Entry<T> {
  readonly value: T;
  readonly owner: string;
}

/** Contributions of one kind by name. Each name has one owner; a second one is an error. */
export class Registry<T> {
  readonly #entries = new Map<string, Entry<T>>();

  /** @param kind what the entries are, for messages: "inbound protocol" */
  constructor(readonly kind: string) {}

  /** @throws SluiceError E_REGISTRY_DUPLICATE naming both owners */
  add(name: string, value: T, owner: string): void {
    const taken = this.#entries.get(name);
    if (taken !== undefined) {
      const message = `the ${this.kind} "${name}" of plugin "${owner}" is already contributed by plugin "${taken.owner}"`;
      throw new SluiceError('E_REGISTRY_DUPLICATE', message);
    }
    this.#entries.set(name, { value, owner });
  }

  /** @throws SluiceError E_REGISTRY_UNKNOWN naming what is known */
  get(name: string): T {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry.value;
    const known = this.names().join(', ');
    throw new SluiceError(
      'E_REGISTRY_UNKNOWN',
      `there is no ${this.kind} "${name}"; known: ${known === '' ? 'none' : known}`,
    );
  }

  find(name: string): T | undefined {
    return this.#entries.get(name)?.value;
  }

  /** In the order in which they were added. */
  values(): T[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  /** Sorted. */
  names(): string[] {
    return [...this.#entries.keys()].sort();
  }
}
