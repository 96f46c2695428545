import type { Implementation, ServiceType } from '../wire/service.js';

/** A service and what answers its calls. */
export interface ServedService {
  readonly type: ServiceType;
  readonly implementation: Readonly<Record<string, (...args: never[]) => unknown>>;
}

/** Holds the implementation to the service's types while the list of services forgets them. */
export function served<S extends ServiceType>(type: S, implementation: Implementation<S>): ServedService {
  return { type, implementation: implementation };
}
