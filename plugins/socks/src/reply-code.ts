import { errnoOf, toSluiceError, type SluiceError } from '@sluice/plugin-api';
import { Reply } from './codec.js';

const byCode: Readonly<Record<string, number>> = {
  E_BLOCKED: Reply.notAllowed,
  E_DIAL_REFUSED: Reply.refused,
  E_DIAL_TIMEOUT: Reply.ttlExpired,
  E_HANDSHAKE_TIMEOUT: Reply.ttlExpired,
  E_CONN_TIMEOUT: Reply.ttlExpired,
  E_DNS_NOT_FOUND: Reply.hostUnreachable,
  E_DNS_FAILED: Reply.hostUnreachable,
};

/** RFC 1928's reply for a request that failed with this error. */
export function replyCodeOf(thrown: unknown): number {
  const error = toSluiceError(thrown);
  const stated = error.details['reply'];
  if (typeof stated === 'number' && stated > 0 && stated <= Reply.addressNotSupported) return stated;
  if (error.code === 'E_DIAL_UNREACHABLE') return unreachable(error);
  return byCode[error.code] ?? Reply.failure;
}

function unreachable(error: SluiceError): number {
  return errnoOf(error.cause) === 'ENETUNREACH' ? Reply.networkUnreachable : Reply.hostUnreachable;
}
