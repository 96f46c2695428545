import { formatHostPort, type Outbound, type Service, type ServiceContext } from '@sluice/plugin-api';
import type { Exporter } from './exporter.js';
import { parseListenAddress } from './listen-address.js';
import { MetricsOutbound } from './outbound.js';
import type { MetricsSettings } from './schema.js';
import type { MetricsServer } from './server.js';

const DEFAULT_PATH = '/metrics';

/** Shows the instance's numbers to Prometheus. */
export class Metrics implements Service {
  readonly outbounds: Readonly<Record<string, Outbound>>;
  readonly #context: ServiceContext<MetricsSettings>;
  readonly #version: string;
  #exporter: Exporter | undefined;
  #server: MetricsServer | undefined;
  #url: string | undefined;

  constructor(context: ServiceContext<MetricsSettings>, version: string) {
    this.#context = context;
    this.#version = version;
    const { tag } = context.settings;
    const serve = () => {
      const server = this.#server;
      return server === undefined ? undefined : server.serve.bind(server);
    };
    this.outbounds = tag === undefined ? {} : { [tag]: new MetricsOutbound(context.plane, serve) };
  }

  async start(): Promise<void> {
    const { settings, logger } = this.#context;
    const { listen, path = DEFAULT_PATH, secret } = settings;
    // Loaded only where it is configured: the library is much to read.
    const [{ Exporter }, { MetricsServer }] = await Promise.all([import('./exporter.js'), import('./server.js')]);
    this.#exporter = new Exporter({ service: this.#context, version: this.#version });
    this.#server = new MetricsServer({ exporter: this.#exporter, path, secret, logger });
    if (listen === undefined) return;
    const address = parseListenAddress(listen);
    const port = await this.#server.listen(address);
    this.#url = `http://${formatHostPort(address.host ?? '0.0.0.0', port)}${path}`;
    logger.info(`metrics at ${this.#url}`);
  }

  async close(): Promise<void> {
    const [server, exporter] = [this.#server, this.#exporter];
    this.#server = undefined;
    this.#exporter = undefined;
    await server?.close();
    exporter?.close();
  }

  announce(): readonly string[] {
    return this.#url === undefined ? [] : [`metrics: ${this.#url}`];
  }
}
