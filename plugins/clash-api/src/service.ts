import type { Service, ServiceContext } from '@sluice/plugin-api';
import type { RunningApi } from './api.js';
import type { ClashApiSettings } from './schema.js';

/** Clash's REST API over a running instance. */
export class ClashApi implements Service {
  readonly #context: ServiceContext<ClashApiSettings>;
  readonly #version: string;
  #running: RunningApi | undefined;

  constructor(context: ServiceContext<ClashApiSettings>, version: string) {
    this.#context = context;
    this.#version = version;
  }

  async start(): Promise<void> {
    // Loaded only where it is configured: web servers and WebSockets are much to read.
    const { startApi } = await import('./api.js');
    this.#running = await startApi(this.#context, this.#version);
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.server.close();
  }

  announce(): readonly string[] {
    const url = this.#running?.url;
    if (url === undefined) return [];
    const hasUi = this.#context.settings['external-ui'] !== undefined;
    return [`Clash API: ${url}${hasUi ? `, dashboard: ${url}/ui/` : ''}`];
  }
}
