import {
  connPair,
  formatHostPort,
  Link,
  LinkDuplex,
  SluiceError,
  type Outbound,
  type Service,
  type ServiceContext,
} from '@sluice/plugin-api';
import { servicesOf } from './check.js';
import { parseListenAddress } from './listen-address.js';
import type { ApiSettings } from './schema.js';
import type { GrpcServer } from './server/grpc-server.js';

/** The running API. All that speaks gRPC is loaded when it starts, so that those without it do not wait for it. */
export class Api implements Service {
  readonly outbounds: Readonly<Record<string, Outbound>>;
  readonly #context: ServiceContext<ApiSettings>;
  #server: GrpcServer | undefined;
  #stop: (() => void) | undefined;
  #listening: string | undefined;

  constructor(context: ServiceContext<ApiSettings>) {
    this.#context = context;
    const { tag = '' } = context.settings;
    this.outbounds = tag === '' ? {} : { [tag]: { connect: () => this.#connect() } };
  }

  async start(): Promise<void> {
    const { logger, settings } = this.#context;
    const [{ GrpcServer }, { makeServices }] = await Promise.all([
      import('./server/grpc-server.js'),
      import('./services/services.js'),
    ]);
    const made = makeServices(servicesOf(settings), this.#context);
    this.#stop = () => made.close();
    this.#server = new GrpcServer(made.services, logger);
    if (settings.listen === undefined) return;
    const address = parseListenAddress(settings.listen);
    const port = await this.#server.listen(address);
    this.#listening = formatHostPort(address.host, port);
  }

  async close(): Promise<void> {
    this.#stop?.();
    this.#stop = undefined;
    await this.#server?.close();
    this.#server = undefined;
  }

  announce(): readonly string[] {
    return this.#listening === undefined ? [] : [`gRPC on ${this.#listening}`];
  }

  #connect(): Promise<Link> {
    if (this.#server === undefined) return Promise.reject(new SluiceError('E_CLOSING', 'the API is not running'));
    const [near, far] = connPair(this.#context.plane);
    this.#server.serve(new LinkDuplex(new Link(far)));
    return Promise.resolve(new Link(near));
  }
}
