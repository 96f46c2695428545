import { errnoOf } from '../errors.js';

/**
 * The addresses to try for listening, the first that the system has. "0.0.0.0" means every
 * address of both families, as Go (and so V2Ray) takes it.
 */
export function hostsToListenOn(host: string): readonly string[] {
  return host === '0.0.0.0' ? ['::', '0.0.0.0'] : [host];
}

/** Whether listening failed because the system has no IPv6. */
export function isFamilyMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'EAFNOSUPPORT' || errno === 'EADDRNOTAVAIL' || errno === 'EINVAL';
}
