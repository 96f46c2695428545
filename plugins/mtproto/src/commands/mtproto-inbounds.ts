import { SluiceError, type CommandConfig } from '@sluice/plugin-api';
import { configuredUsers } from '../configured-users.js';
import type { InboundSettings } from '../schema.js';
import { acceptedBy, type Accepted } from '../accepted.js';
import type { MtprotoUser } from '../users.js';

/** An mtproto inbound of a configuration, as commands look at it. */
export interface ConfiguredInbound {
  readonly tag: string;
  readonly listen: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly settings: InboundSettings;
  readonly users: readonly MtprotoUser[];
  readonly accepted: Accepted;
}

/** @returns at least one @throws SluiceError E_CONFIG_INVALID if there is none */
export function mtprotoInbounds({ inbounds }: CommandConfig): readonly ConfiguredInbound[] {
  const ours = inbounds.filter(({ protocol }) => protocol === 'mtproto');
  if (ours.length === 0) throw new SluiceError('E_CONFIG_INVALID', 'the configuration has no mtproto inbound');
  return ours.map(({ tag, listen, port, settings: checked }) => {
    // The configuration was validated by this plugin's own schema.
    const settings = checked as InboundSettings;
    const users = configuredUsers(settings);
    return { tag, listen, port, settings, users, accepted: acceptedBy(users, { ...settings.tls, ...settings }) };
  });
}

/** How a user is called in what commands print. */
export function userName({ email }: MtprotoUser, index: number): string {
  return email === undefined || email === '' ? `users[${index}]` : email;
}
