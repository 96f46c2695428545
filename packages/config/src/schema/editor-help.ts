import { exampleOf } from './example.js';
import type { JsonSchema } from './json-schema.js';
import { isSchema, mapSubschemas } from './subschemas.js';

const LONGEST_EXAMPLE = 160;
/** Keywords that editors do not know. */
const LOADERS_OWN = ['secret', 'unit', 'aliases', 'fallback'];

/**
 * The schema as editors read it: what a description leaves out of default, unit and example is added to it; the
 * meanings of an enum's values, deprecation and secrets are said in the keywords that editors know; what only the
 * loader reads is left out.
 */
export function withEditorHelp(schema: JsonSchema): JsonSchema {
  const inner = mapSubschemas(enumOfConstants(schema), withEditorHelp);
  return described(marked(namingNeeded(inner)));
}

/** A union of constants is an enum to editors, with the constants' descriptions. */
function enumOfConstants(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (anyOf === undefined || !anyOf.every((branch) => isSchema(branch) && 'const' in branch)) return schema;
  const types = [...new Set(anyOf.map((branch) => branch.type))];
  const meanings = anyOf.map(({ description }) => description ?? '');
  return {
    ...rest,
    ...(types.length === 1 && types[0] !== undefined ? { type: types[0] } : {}),
    enum: anyOf.map((branch) => branch.const),
    ...(meanings.some((meaning) => meaning !== '') ? { enumDescriptions: meanings } : {}),
  };
}

/** Keys that must be there say so. */
function namingNeeded(schema: JsonSchema): JsonSchema {
  const { properties, required = [] } = schema;
  if (properties === undefined || required.length === 0) return schema;
  const named = Object.entries(properties).map(([key, property]) => {
    const { description } = property;
    const isSaid = description === undefined || !required.includes(key) || /\bneeded\b|no default/i.test(description);
    return [key, isSaid ? property : described({ ...property, description: `${description} Needed; no default.` })];
  });
  return { ...schema, properties: Object.fromEntries(named) as Record<string, JsonSchema> };
}

/** What only the loader reads becomes what editors read, or goes. */
function marked(schema: JsonSchema): JsonSchema {
  const rest = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !LOADERS_OWN.includes(keyword)));
  const { secret, unit, patternErrorMessage } = schema;
  const { deprecated, deprecationMessage, description, enumDescriptions } = schema;
  return {
    ...rest,
    ...(patternErrorMessage === undefined ? {} : { patternErrorMessage: `It must be ${patternErrorMessage}.` }),
    ...(secret === true ? { 'x-secret': true, writeOnly: true } : {}),
    ...(unit === undefined ? {} : { 'x-unit': unit }),
    ...(deprecated === true ? { deprecationMessage: deprecationMessage ?? description ?? 'Deprecated.' } : {}),
    ...(enumDescriptions === undefined ? {} : { markdownEnumDescriptions: enumDescriptions }),
  };
}

function described(schema: JsonSchema): JsonSchema {
  const { description: written, default: initial, type } = schema;
  const unit = schema['x-unit'];
  if (written === undefined) return schema;
  const isSaid = initial === undefined || /default/i.test(written);
  const description = isSaid ? written : `${written} Default ${JSON.stringify(initial)}.`;
  const example = type === 'object' && schema.examples === undefined ? undefined : exampleOf(schema);
  const shown = example === undefined ? '' : JSON.stringify(example);
  const facts = [
    ...(typeof unit === 'string' ? [`Unit: ${unit}.`] : []),
    ...(shown === '' || shown.length > LONGEST_EXAMPLE ? [] : [`Example: \`${shown}\``]),
  ];
  // Without anything to mark the two would be the same text twice.
  const markdown = facts.length > 0 || description.includes('`');
  return {
    ...schema,
    description,
    ...(markdown
      ? { markdownDescription: [description, facts.join(' ')].filter((part) => part !== '').join('\n\n') }
      : {}),
  };
}
