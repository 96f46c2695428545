import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { limitsOf } from './limits/limit-settings.js';
import type { InboundSettings } from './schema.js';
import { parseSecret } from './secret.js';
import type { MtprotoUser } from './users.js';

/** The users of checked settings. @throws SluiceError E_CONFIG_INVALID where `check` would have objected */
export function configuredUsers(settings: InboundSettings): readonly MtprotoUser[] {
  const users = (settings.users ?? []).map((entry, index) => {
    const secret = parseSecret(entry.secret);
    if (typeof secret === 'string') throw new SluiceError('E_CONFIG_INVALID', `users[${index}]: ${secret}`);
    const adTag = entry.adTag ?? settings.adTag;
    return {
      email: entry.email,
      level: entry.level ?? 0,
      secret,
      limits: limitsOf(entry),
      adTag: adTag === undefined ? undefined : Buffer.from(adTag, 'hex'),
    };
  });
  if (users.length === 0) throw new SluiceError('E_CONFIG_INVALID', 'zero MTProto users configured');
  return users;
}
