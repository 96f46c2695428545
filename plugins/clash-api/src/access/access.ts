import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Origins } from './origins.js';
import { Secret } from './secret.js';

export interface Refusal {
  readonly status: 401 | 403;
  readonly message: string;
}

const FOREIGN_HOST: Refusal = { status: 403, message: 'Host not allowed' };
const FOREIGN_ORIGIN: Refusal = { status: 403, message: 'Origin not allowed' };
const UNAUTHORIZED: Refusal = { status: 401, message: 'Unauthorized' };

/** Decides who may ask. */
export class Access {
  readonly #secret: Secret | undefined;
  readonly #origins: Origins;
  readonly #isLoopback: boolean;

  constructor(options: {
    readonly secret: string | undefined;
    readonly allowOrigins: readonly string[] | undefined;
    readonly isLoopback: boolean;
  }) {
    const { secret, allowOrigins, isLoopback } = options;
    this.#secret = secret === undefined || secret === '' ? undefined : new Secret(secret);
    this.#origins = new Origins(allowOrigins, this.#secret !== undefined);
    this.#isLoopback = isLoopback;
  }

  /** The origin to name in CORS headers. */
  corsOrigin(request: IncomingMessage): string | undefined {
    const { origin, host = '' } = request.headers;
    return origin !== undefined && this.#origins.allows(origin, host) ? origin : undefined;
  }

  /**
   * What forbids the request before its secret is looked at. A page elsewhere could send requests that change
   * something without being allowed to read the answer, so its origin is refused here and not left to the browser.
   */
  refuseSender(request: IncomingMessage): Refusal | undefined {
    if (this.#isLoopback && !this.#isOwnHost(request.headers.host)) return FOREIGN_HOST;
    if (request.headers.origin !== undefined && this.corsOrigin(request) === undefined) return FOREIGN_ORIGIN;
    return undefined;
  }

  /** @param token what the query names, where a client cannot set headers */
  refuseSecret(request: IncomingMessage, token: string | null): Refusal | undefined {
    if (this.#secret === undefined) return undefined;
    const bearer = /^Bearer (.*)$/i.exec(request.headers.authorization ?? '')?.[1];
    const offered = bearer ?? token;
    return offered !== null && this.#secret.matches(offered) ? undefined : UNAUTHORIZED;
  }

  /** A name that leads to loopback today (DNS rebinding) is not ours; an IP cannot be made to lead elsewhere. */
  #isOwnHost(header: string | undefined): boolean {
    const host = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d+)?$/i.exec(header ?? '');
    if (host === null) return false;
    const name = (host[1] ?? host[2] ?? '').toLowerCase();
    return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || this.#origins.hosts.has(name);
  }
}
