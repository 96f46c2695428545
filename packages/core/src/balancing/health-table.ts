import type { Health, OutboundHealth } from '@sluice/plugin-api';

/** What observatories have reported, by outbound. */
export class HealthTable implements Health {
  readonly #reports = new Map<string, OutboundHealth>();

  of(outboundTag: string): OutboundHealth | undefined {
    return this.#reports.get(outboundTag);
  }

  all(): ReadonlyMap<string, OutboundHealth> {
    return this.#reports;
  }

  report(outboundTag: string, health: OutboundHealth | undefined): void {
    if (health === undefined) this.#reports.delete(outboundTag);
    else this.#reports.set(outboundTag, health);
  }
}
