import { PerformanceObserver } from 'node:perf_hooks';

/** Counts the garbage collections of the process from now on. */
export class GarbageCollections {
  count = 0;
  totalMs = 0;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.count += 1;
      this.totalMs += duration;
    }
  });

  start(): void {
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  close(): void {
    this.#observer.disconnect();
  }
}
