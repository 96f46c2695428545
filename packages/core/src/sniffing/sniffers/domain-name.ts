/** Labels of letters, digits, hyphens and underscores, of 1 to 63 bytes each (RFC 1035 2.3.4). */
const names = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;
/** What the last label of a number is: resolvers take such a name for an IPv4 address, also "1.0x7f" or "127.1". */
const numbers = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * The name in lower case and without the dot at its end; undefined for what cannot be looked up as a name, and for
 * addresses in any notation.
 */
export function domainName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  return name.length <= 253 && names.test(name) && !numbers.test(name) ? name : undefined;
}
