import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpRefusal, NOT_FOUND } from './reply.js';

/** One request on its way through an endpoint. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the path has in place of ":name"; empty where the pattern has none. */
  readonly name: string;
  /** Aborted when the service is about to close: answers that are not given soon are not given. */
  readonly closing: AbortSignal;
}

export type Endpoint = (exchange: Exchange) => void | Promise<void>;

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  readonly endpoint: Endpoint;
}

/** The segments of a path, decoded. @throws HttpRefusal */
export function pathSegments(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    throw new HttpRefusal(400, 'Path invalid');
  }
}

/** Which endpoint serves which method and path; a path's ":name" stands for any segment. */
export class Routes {
  readonly #routes: Route[] = [];

  add(method: string, pattern: string, endpoint: Endpoint): this {
    this.#routes.push({ method, segments: pattern.split('/').filter((segment) => segment !== ''), endpoint });
    return this;
  }

  /** @throws HttpRefusal 404 or 405 */
  find(method: string, path: string): { readonly endpoint: Endpoint; readonly name: string } {
    const segments = pathSegments(path);
    let isKnownPath = false;
    for (const route of this.#routes) {
      if (!matches(route.segments, segments)) continue;
      isKnownPath = true;
      if (route.method === method) {
        const at = route.segments.indexOf(':name');
        return { endpoint: route.endpoint, name: at < 0 ? '' : (segments[at] ?? '') };
      }
    }
    throw new HttpRefusal(isKnownPath ? 405 : 404, isKnownPath ? 'Method not allowed' : NOT_FOUND);
  }
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.length === segments.length && pattern.every((part, i) => part === ':name' || part === segments[i]);
}
