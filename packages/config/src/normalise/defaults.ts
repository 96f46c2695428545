import { pickBranch } from '../schema/branch.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { objectView } from '../schema/object-view.js';
import { childPointer, type ConfigNode, type Member } from '../source/node.js';
import { nodeFromValue } from '../source/object.js';

/** Adds what a normalised value leaves out and the schema has a default for, at every depth. */
export function fillDefaults(node: ConfigNode, schema: JsonSchema): ConfigNode {
  const branch = pickBranch(schema, node);
  if (node.kind === 'array') {
    const { items } = branch;
    if (items === undefined || Array.isArray(items)) return node;
    return { ...node, items: node.items.map((item) => fillDefaults(item, items as JsonSchema)) };
  }
  if (node.kind !== 'object' || branch.anyOf !== undefined || branch.oneOf !== undefined) return node;
  const view = objectView(branch);
  const members: Member[] = node.members.map((one) => {
    const known =
      view.properties.get(one.key) ?? view.patterns.find(([pattern]) => pattern.test(one.key))?.[1] ?? view.additional;
    return known === undefined ? one : { ...one, value: fillDefaults(one.value, known) };
  });
  const present = new Set(members.map(({ key }) => key));
  for (const [key, property] of view.properties) {
    if (property.default === undefined || present.has(key)) continue;
    const value = nodeFromValue(property.default, { ...node.place, pointer: childPointer(node.place.pointer, key) });
    if (value !== undefined) members.push({ key, keyPlace: value.place, value: fillDefaults(value, property) });
  }
  return { ...node, members };
}
