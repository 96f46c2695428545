import { SluiceError } from '@sluice/plugin-api';

/** Why a user's connection is refused or ended; also the last part of the counter's name. */
export type LimitReason = 'denied' | 'expired' | 'quota' | 'maxConnections' | 'maxSourceIPs';

/** The code and the sentence of each reason. */
const reasons: Readonly<Record<LimitReason, readonly [code: `E_MTPROTO_${string}`, sentence: string]>> = {
  denied: ['E_MTPROTO_DENIED', 'may not come from this address'],
  expired: ['E_MTPROTO_EXPIRED', 'may not use the proxy any more: "expiresAt" has passed'],
  quota: ['E_MTPROTO_QUOTA', 'has used up the quota'],
  maxConnections: ['E_MTPROTO_CONNECTIONS', 'has as many connections as "maxConnections" allows'],
  maxSourceIPs: ['E_MTPROTO_SOURCES', 'is connected from as many addresses as "maxSourceIPs" allows'],
};

/** @param name the user's */
export function limitError(reason: LimitReason, name: string): SluiceError {
  const [code, sentence] = reasons[reason];
  return new SluiceError(code, `user ${name} ${sentence}`, { details: { user: name, limit: reason } });
}
