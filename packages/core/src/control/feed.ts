/** Tells whoever listens. Costs nothing worth naming while nobody does. */
export class Feed<T> {
  readonly #listeners = new Set<(event: T) => void>();

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** @returns ends it */
  subscribe(listener: (event: T) => void): () => void {
    // Of its own, so that one function can listen twice.
    const own = (event: T): void => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  emit(event: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener's fault is not the connection's that it heard of.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }
}
