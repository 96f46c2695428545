import { domainToASCII } from 'node:url';

const MAX_NAME = 253;

/**
 * A name as it is asked for: lower-case, in its ASCII form, without the root's dot. Undefined for what
 * cannot be the name of a host.
 */
export function canonicalName(text: string): string | undefined {
  const lower = text.toLowerCase().replace(/\.$/, '');
  const name = /^[\x21-\x7e]*$/.test(lower) ? lower : domainToASCII(lower);
  // The usual letters, and what else is in use for services and by mistake.
  const isName = name.length <= MAX_NAME && /^[^\s.:/\\@]{1,63}(\.[^\s.:/\\@]{1,63})*$/.test(name);
  return isName ? name : undefined;
}
