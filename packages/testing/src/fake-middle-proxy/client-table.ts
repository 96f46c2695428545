import { ProxiedClient, type ClientCarrier } from './proxied-client.js';
import { readProxyRequest, type ProxyRequest } from './proxy-request.js';

export interface ClientTableOptions {
  /** The only advertising tags that may come, in hex; undefined: any, or none. An empty list: none. */
  readonly adTags: readonly string[] | undefined;
  /** The address that the proxy has to give as its own; undefined: any. */
  readonly clientAddress: string | undefined;
  readonly onClient: (client: ProxiedClient) => void;
  /** False: read no more now. */
  readonly onRequest: (client: ProxiedClient, request: ProxyRequest) => boolean;
  readonly onViolation: (text: string) => void;
}

/** The clients that share one connection of their proxy, by connection id. */
export class ClientTable {
  readonly #carrier: ClientCarrier;
  readonly #options: ClientTableOptions;
  readonly #clients = new Map<bigint, ProxiedClient>();

  constructor(carrier: ClientCarrier, options: ClientTableOptions) {
    this.#carrier = carrier;
    this.#options = options;
  }

  get all(): readonly ProxiedClient[] {
    return [...this.#clients.values()];
  }

  /** False: read no more now. */
  takeRequest(body: Buffer): boolean {
    const { request, violations } = readProxyRequest(body);
    violations.forEach(this.#options.onViolation);
    if (request === undefined) return true;
    this.#checkExpected(request);
    const known = this.#clients.get(request.connectionId);
    const client = known ?? this.#add(request);
    if (known !== undefined) this.#checkUnchanged(known, request);
    if (client.closedBy === 'proxy') {
      this.#options.onViolation(`connection id ${request.connectionId} is used again after CLOSE_CONN`);
    }
    // What was under way when the data centre closed is nobody's fault, and goes nowhere.
    if (client.closedBy !== undefined) return true;
    client.receive(request);
    return this.#options.onRequest(client, request);
  }

  takeClose(body: Buffer): void {
    if (body.length !== 12) return this.#options.onViolation(`a CLOSE_CONN of ${body.length} bytes`);
    const client = this.#clients.get(body.readBigUInt64LE(4));
    if (client === undefined) this.#options.onViolation('a CLOSE_CONN for a client that never was');
    else if (!client.mayBeClosed()) this.#options.onViolation('a CLOSE_CONN for a client already closed');
    else client.end('proxy');
  }

  /** The connection is gone. Returns how many clients were still there. */
  endAll(): number {
    const open = this.all.filter((client) => client.closedBy === undefined);
    for (const client of open) client.end('connection');
    return open.length;
  }

  #add(request: ProxyRequest): ProxiedClient {
    const client = new ProxiedClient(request, this.#carrier);
    this.#clients.set(request.connectionId, client);
    this.#options.onClient(client);
    return client;
  }

  #checkExpected(request: ProxyRequest): void {
    const { adTags, clientAddress, onViolation } = this.#options;
    if (adTags !== undefined && !(request.adTag === undefined ? adTags.length === 0 : adTags.includes(request.adTag))) {
      onViolation(`the advertising tag ${request.adTag ?? 'that is missing'} is not one of ${adTags.join(', ')}`);
    }
    if (clientAddress !== undefined && request.proxy.address !== clientAddress) {
      onViolation(`the proxy says that it is at ${request.proxy.address}, and it is seen at ${clientAddress}`);
    }
  }

  #checkUnchanged(known: ProxiedClient, request: ProxyRequest): void {
    const about = (of: ProxiedClient | ProxyRequest) =>
      JSON.stringify([of.client, of.proxy, of.framing, of.adTag ?? null]);
    if (about(known) === about(request)) return;
    this.#options.onViolation(`connection id ${request.connectionId} was ${about(known)} and is ${about(request)}`);
  }
}
