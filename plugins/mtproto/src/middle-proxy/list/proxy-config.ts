import { destination, parseDestination, SluiceError, type Destination } from '@sluice/plugin-api';

/** Longer lists are not read, in characters. Telegram's has some 2,000. */
export const MAX_CONFIG_LENGTH = 256 * 1024;
const MAX_ADDRESSES = 4096;

/** What a list of middle proxies says. */
export interface ProxyConfig {
  /** By the data centre's id as clients write it; negative for media. Each has at least one. */
  readonly addresses: ReadonlyMap<number, readonly Destination[]>;
  /** Whose middle proxies take the clients of data centres that are not listed. */
  readonly fallback: number | undefined;
  /** Statements that looked like addresses and could not be understood. */
  readonly skipped: number;
}

/**
 * Reads `getProxyConfig`'s format: `proxy_for 2 host:port;` and `default 2;`, with comments from "#"
 * to the end of the line. What other statements say is not for us.
 * @throws SluiceError E_PROTOCOL if there is no address in it, or something else than statements
 */
export function parseProxyConfig(text: string): ProxyConfig {
  if (text.length > MAX_CONFIG_LENGTH) throw new SluiceError('E_PROTOCOL', 'the list of middle proxies is too long');
  const addresses = new Map<number, Destination[]>();
  let fallback: number | undefined;
  let count = 0;
  let skipped = 0;
  for (const statement of text.replace(/#[^\n]*/g, ' ').split(';')) {
    const [keyword = '', first = '', second = '', ...rest] = statement.trim().split(/\s+/);
    // A page for people may quote a list, and is none.
    if (!/^[a-z_]*$/.test(keyword)) throw new SluiceError('E_PROTOCOL', 'this is not a list of middle proxies');
    if (keyword === 'default') fallback = dataCenterId(first) ?? fallback;
    if (keyword !== 'proxy_for') continue;
    const id = dataCenterId(first);
    const address = rest.length === 0 ? addressOf(second) : undefined;
    if (id === undefined || address === undefined || count >= MAX_ADDRESSES) {
      skipped += 1;
      continue;
    }
    count += 1;
    const known = addresses.get(id);
    if (known === undefined) addresses.set(id, [address]);
    else known.push(address);
  }
  if (count === 0) throw new SluiceError('E_PROTOCOL', 'the list of middle proxies names none');
  return { addresses, fallback, skipped };
}

function dataCenterId(text: string): number | undefined {
  return /^[+-]?[0-9]{1,5}$/.test(text) ? Number(text) : undefined;
}

function addressOf(text: string): Destination | undefined {
  try {
    const to = parseDestination('tcp', text);
    // A list from the network leads to no socket of this machine.
    return to.type === 'unix' || to.port === 0 ? undefined : destination('tcp', to.host, to.port);
  } catch {
    return undefined;
  }
}
