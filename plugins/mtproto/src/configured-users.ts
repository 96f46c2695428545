import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { limitsOf } from './limits/limit-settings.js';
import type { InboundSettings, UserSettings } from './schema.js';
import { parseSecret } from './secret.js';
import type { MtprotoUser } from './users.js';

/** The users of checked settings. @throws SluiceError E_CONFIG_INVALID where `check` would have objected */
export function configuredUsers(settings: InboundSettings): readonly MtprotoUser[] {
  const users = (settings.users ?? []).map((entry, index) => configuredUser(entry, settings, `users[${index}]`));
  if (users.length === 0) throw new SluiceError('E_CONFIG_INVALID', 'zero MTProto users configured');
  return users;
}

/**
 * @param entry checked
 * @param where names it in an error
 * @throws SluiceError E_CONFIG_INVALID where `check` would have objected
 */
export function configuredUser(
  entry: UserSettings,
  settings: Pick<InboundSettings, 'adTag'>,
  where: string,
): MtprotoUser {
  const secret = parseSecret(entry.secret);
  if (typeof secret === 'string') throw new SluiceError('E_CONFIG_INVALID', `${where}: ${secret}`);
  const adTag = entry.adTag ?? settings.adTag;
  return {
    email: entry.email,
    level: entry.level ?? 0,
    secret,
    limits: limitsOf(entry),
    adTag: adTag === undefined ? undefined : Buffer.from(adTag, 'hex'),
  };
}
