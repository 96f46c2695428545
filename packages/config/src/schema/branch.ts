import { member, type ConfigNode } from '../source/node.js';
import type { JsonSchema } from './json-schema.js';
import { objectView } from './object-view.js';

/** The schema itself, or of a union the branch that the node was most likely meant for. */
export function pickBranch(schema: JsonSchema, node: ConfigNode): JsonSchema {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches === undefined) return schema;
  const fitting = branches.map((branch) => pickBranch(branch, node)).filter((branch) => fitsType(branch, node));
  if (fitting.length <= 1 || node.kind !== 'object') return fitting[0] ?? schema;
  let best = fitting[0] as JsonSchema;
  for (const branch of fitting) if (score(branch, node) > score(best, node)) best = branch;
  return best;
}

/** Whether the schema, or a branch of it, is of a secret. */
export function isSecret(schema: JsonSchema): boolean {
  return schema.secret === true || (schema.anyOf ?? schema.oneOf ?? []).some(isSecret);
}

/** The strings that an enum, a constant or a union of constants allows; none if others may stand there. */
export function literals(schema: JsonSchema): readonly string[] {
  if (typeof schema.const === 'string') return [schema.const];
  if (schema.enum !== undefined) return schema.enum.filter((value) => typeof value === 'string');
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  // A branch that takes any text leaves the case of a text alone.
  if (branches.some((branch) => branch.type === 'string' && literals(branch).length === 0)) return [];
  return branches.flatMap(literals);
}

/** Whether a node's JSON type is one that the schema's `type` allows. */
function fitsType(schema: JsonSchema, node: ConfigNode): boolean {
  if (schema.type === undefined) return true;
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  return types.some((type) => {
    if (node.kind !== 'scalar') return type === node.kind;
    if (node.value === null) return type === 'null';
    if (type === 'integer') return Number.isInteger(node.value);
    return type === typeof node.value;
  });
}

function score(schema: JsonSchema, node: ConfigNode): number {
  let points = 0;
  for (const [key, property] of objectView(schema).properties) {
    const value = member(node, key);
    if (value === undefined) continue;
    points += 1;
    const allowed = literals(property);
    if (allowed.length === 0 || value.kind !== 'scalar') continue;
    points += allowed.some((one) => one.toLowerCase() === String(value.value).toLowerCase()) ? 100 : -100;
  }
  return points;
}
