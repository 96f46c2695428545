import type { Outbound, Service } from '@sluice/plugin-api';

/** A configured service: the plugin's under its key. */
export class ServiceHandler {
  readonly key: string;
  /** As configured; compared on reload. */
  readonly settings: unknown;
  readonly #service: Service;
  readonly #onClosed: () => void;

  /** @param onClosed takes back what the service has made of itself */
  constructor(key: string, settings: unknown, service: Service, onClosed: () => void) {
    this.key = key;
    this.settings = settings;
    this.#service = service;
    this.#onClosed = onClosed;
  }

  get name(): string {
    return `service "${this.key}"`;
  }

  /** What takes connections under tags of the service's. */
  get outbounds(): readonly (readonly [tag: string, outbound: Outbound])[] {
    return Object.entries(this.#service.outbounds ?? {});
  }

  announce(): readonly string[] {
    return this.#service.announce?.() ?? [];
  }

  async start(): Promise<void> {
    await this.#service.start?.();
  }

  async close(): Promise<void> {
    try {
      await this.#service.close?.();
    } finally {
      this.#onClosed();
    }
  }
}
