import type { JsonSchema } from './json-schema.js';
import { mapSubschemas } from './subschemas.js';

/** Keywords whose schemas speak of the same object. */
const SAME_OBJECT = ['allOf', 'anyOf', 'oneOf', 'if'] as const;

/**
 * The schema with an end to each object of which it names keys, as the loader takes it: other keys are read by nobody.
 * Objects that several schemas describe together are left open.
 */
export function closed(schema: JsonSchema): JsonSchema {
  const inner = mapSubschemas(schema, (part, steps) =>
    /^(allOf|then|else|not)\b/.test(steps) || (steps.startsWith('anyOf') && schema.properties !== undefined)
      ? part
      : closed(part),
  );
  const namesKeys = [inner.properties, inner.patternProperties].some((keys) => Object.keys(keys ?? {}).length > 0);
  if (!namesKeys || inner.additionalProperties !== undefined) return inner;
  if (SAME_OBJECT.some((keyword) => inner[keyword] !== undefined)) return inner;
  return { ...inner, additionalProperties: false };
}
