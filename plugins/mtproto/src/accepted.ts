import type { Secret, SecretMode } from './secret.js';

/** What an inbound lets its users do. */
export interface Accepted {
  readonly modes: ReadonlySet<SecretMode>;
  /** The server names under which users with a plain secret may use fake TLS. */
  readonly serverNames: readonly string[];
  /** The modes are what the secrets are for: users who come later may bring others. */
  readonly isInferred?: boolean;
}

/** What is accepted where the settings do not say: what the secrets are for. */
export function acceptedBy(
  users: readonly { readonly secret: Secret }[],
  settings: { readonly modes?: readonly SecretMode[]; readonly serverNames?: readonly string[] } = {},
): Accepted {
  const { modes, serverNames = [] } = settings;
  if (modes !== undefined && modes.length > 0) return { modes: new Set(modes), serverNames };
  const found = new Set(users.flatMap(({ secret }) => modesFor(secret.mode)));
  if (serverNames.length > 0) found.add('tls');
  return { modes: found, serverNames, isInferred: true };
}

/** What such a secret is for. */
export function modesFor(mode: SecretMode): readonly SecretMode[] {
  return mode === 'tls' ? ['tls'] : ['plain', 'padded'];
}
