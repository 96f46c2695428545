import type { Destination } from '@sluice/plugin-api';
import { FrontedHosts } from '../../fronting/fronted-hosts.js';
import { secretForms } from '../../share-link.js';
import type { ConfiguredInbound } from '../mtproto-inbounds.js';

/** A name that clients of an inbound ask for in their TLS hello. */
export interface TlsName {
  readonly inbound: ConfiguredInbound;
  readonly name: string;
  /** Where strangers who ask for it are led. */
  readonly host: Destination | undefined;
}

/** Every name of an inbound under which users come with fake TLS. */
export function tlsNames(inbound: ConfiguredInbound): readonly TlsName[] {
  const { users, accepted, settings } = inbound;
  const domains = users.flatMap(({ secret }) => secretForms(secret, accepted).map(({ domain }) => domain));
  const names = new Set(domains.filter((domain) => domain !== undefined));
  const hosts = new FrontedHosts(settings.fronting ?? {});
  return [...names].map((name) => ({ inbound, name, host: hosts.of(name) }));
}
