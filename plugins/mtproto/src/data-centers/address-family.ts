import { Type, type Destination, type Static } from '@sluice/plugin-api';

export const addressFamilySchema = Type.Union(
  [
    Type.Literal('prefer-ipv4', { description: 'IPv4 first, IPv6 where that does not answer.' }),
    Type.Literal('prefer-ipv6', { description: 'IPv6 first, IPv4 where that does not answer.' }),
    Type.Literal('only-ipv4', { description: 'IPv4 alone.' }),
    Type.Literal('only-ipv6', { description: 'IPv6 alone.' }),
  ],
  {
    default: 'prefer-ipv4',
    description:
      'By which addresses Telegram\'s data centres are reached. With "prefer-…" the other family is tried 250 ms later, or at once where the first cannot be reached; with "only-…" never. Lists of your own in `dataCenters` keep their order, and an "only-…" takes no address of the other family there. Default "prefer-ipv4": Telegram\'s IPv6 is missing or slow at many hosters.',
  },
);

/** Which families are used, and which comes first. */
export type AddressFamily = Static<typeof addressFamilySchema>;

/** Whether the mode takes the address. A name may have addresses of either family, so any takes it. */
export function takesAddress(mode: AddressFamily, { type }: Pick<Destination, 'type'>): boolean {
  if (mode === 'only-ipv4') return type !== 'ipv6';
  if (mode === 'only-ipv6') return type !== 'ipv4';
  return true;
}

/** IPs as the mode has them: its family in the lead and the families alternating (RFC 8305), or its family alone. */
export function byFamily<T>(mode: AddressFamily, ipv4: readonly T[], ipv6: readonly T[]): readonly T[] {
  if (mode === 'only-ipv4') return ipv4;
  if (mode === 'only-ipv6') return ipv6;
  const [leading, other] = mode === 'prefer-ipv4' ? [ipv4, ipv6] : [ipv6, ipv4];
  const mixed: T[] = [];
  for (let i = 0; i < Math.max(leading.length, other.length); i += 1) {
    mixed.push(...leading.slice(i, i + 1), ...other.slice(i, i + 1));
  }
  return mixed;
}
