import type { PortRange } from '../model.js';
import type { ConfigNode } from '../source/node.js';
import { describeFound } from '../diagnostics/found.js';
import type { EntryContext } from './context.js';

const EXPECTED = 'a port from 1 to 65535, a range such as "1000-1010", or "env:NAME"';

/**
 * An inbound's port: N, "N", "A-B" or "env:NAME".
 * @returns undefined if it is none of them, which was reported unless the type alone is wrong
 */
export function readPortRange(node: ConfigNode, { problems, env }: EntryContext): PortRange | undefined {
  if (node.kind !== 'scalar' || (typeof node.value !== 'string' && !Number.isInteger(node.value))) return undefined;
  const found = parseRange(String(node.value).trim(), env);
  if ('from' in found) return found;
  problems.error('C_PORT', node.place, found.message, {
    found: describeFound(node),
    expected: EXPECTED,
    suggestion: found.suggestion,
  });
  return undefined;
}

function parseRange(
  text: string,
  env: EntryContext['env'],
): PortRange | { readonly message: string; readonly suggestion?: string } {
  let written = text;
  if (written.startsWith('env:')) {
    const name = written.slice('env:'.length);
    const value = env[name];
    if (value === undefined || value.trim() === '')
      return { message: `the environment variable "${name.slice(0, 64)}" is not set` };
    written = value.trim();
  }
  const match = /^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$/.exec(written);
  if (match === null) {
    const list = /^[\d\s,-]+,[\d\s,-]*$/.test(written);
    return { message: list ? 'an inbound has one port or one range, not a list' : 'this is not a port' };
  }
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  const wrong = [from, to].find((port) => port < 1 || port > 65535);
  if (wrong !== undefined) return { message: `port ${wrong} is not between 1 and 65535` };
  if (from > to) return { message: 'the range is reversed', suggestion: `"${to}-${from}"` };
  return { from, to };
}
