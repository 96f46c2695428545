import type { ConfigNode } from '../source/node.js';

const MAX_SHOWN = 40;

/** What stands at a node, in words. A secret is named by its kind only. */
export function describeFound(node: ConfigNode): string {
  if (node.secret === true) return `${kindOf(node)} (secret)`;
  if (node.kind === 'object') return node.members.length === 0 ? 'an empty object' : 'an object';
  if (node.kind === 'array') return node.items.length === 0 ? 'an empty list' : 'a list';
  if (typeof node.value === 'string')
    return JSON.stringify(node.value.length > MAX_SHOWN ? `${node.value.slice(0, MAX_SHOWN)}…` : node.value);
  return String(node.value);
}

/** The kind of value: "a string". */
function kindOf(node: ConfigNode): string {
  if (node.kind === 'object') return 'an object';
  if (node.kind === 'array') return 'a list';
  if (node.value === null) return 'null';
  const kinds: Readonly<Record<string, string>> = { string: 'a string', number: 'a number', boolean: 'a boolean' };
  return kinds[typeof node.value] ?? 'a value';
}
