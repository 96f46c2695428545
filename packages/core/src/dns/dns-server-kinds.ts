import { token, type DnsServerContribution } from '@sluice/plugin-api';

/** (core only) Looks a kind of DNS server up by its scheme; throws E_REGISTRY_UNKNOWN. */
export const dnsServerKinds = token<(scheme: string) => DnsServerContribution>('dns-server-kinds');
