import type { DiagnosticCode } from '../diagnostics/catalogue.js';
import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import { nearest } from '../diagnostics/suggestion.js';
import { literals } from '../schema/branch.js';
import { describeSchema } from '../schema/description.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { childPointer, placeAt, toValue, type ConfigNode } from '../source/node.js';
import { reduceErrors } from './reduction.js';
import type { ErrorObject, Validator } from './validator.js';

/**
 * Validates a normalised value; each problem is reported once, at its place.
 * @returns whether the value is valid
 * @throws Error if the schema itself is not one
 */
export function validate(node: ConfigNode, schema: JsonSchema, validator: Validator, problems: Problems): boolean {
  const errors = reduceErrors(validator.errors(schema, toValue(node)));
  for (const error of errors) report(error, node, problems);
  return errors.length === 0;
}

function report(error: ErrorObject, root: ConfigNode, problems: Problems): void {
  const { place, node } = placeAt(root, steps(error.instancePath));
  const schema = (error.parentSchema ?? {}) as JsonSchema;
  if (error.keyword === 'required') {
    const { missingProperty } = error.params as { missingProperty: string };
    const wanted = schema.properties?.[missingProperty];
    problems.error(
      'C_MISSING',
      { ...place, pointer: childPointer(place.pointer, missingProperty) },
      `${JSON.stringify(missingProperty)} is missing`,
      {
        expected: wanted === undefined ? undefined : describeSchema(wanted),
        suggestion: example(missingProperty, wanted),
      },
    );
    return;
  }
  if (error.propertyName !== undefined) {
    const keyPlace =
      node?.kind === 'object' ? node.members.find(({ key }) => key === error.propertyName)?.keyPlace : undefined;
    const expected = describeSchema({ type: 'string', ...schema });
    problems.error('C_VALUE', keyPlace ?? place, `a key here must be ${expected}`, {
      found: JSON.stringify(error.propertyName),
      expected,
    });
    return;
  }
  const label = labelOf(place.pointer);
  const expected = expectation(error, schema);
  const found = node === undefined ? undefined : describeFound(node);
  problems.error(codeOf(error), place, `${label} must be ${expected}`, {
    found,
    expected,
    suggestion: node === undefined ? undefined : suggest(node, schema),
  });
}

/** `"type": "field"`, where the schema has one example. */
function example(key: string, schema: JsonSchema | undefined): string | undefined {
  const examples = schema?.examples;
  return examples?.length === 1 ? `${JSON.stringify(key)}: ${JSON.stringify(examples[0])}` : undefined;
}

function codeOf({ keyword }: ErrorObject): DiagnosticCode {
  return keyword === 'type' || keyword === 'anyOf' || keyword === 'oneOf' ? 'C_TYPE' : 'C_VALUE';
}

function expectation({ keyword, params }: ErrorObject, schema: JsonSchema): string {
  const limit = String((params as { limit?: number }).limit ?? '');
  switch (keyword) {
    case 'minItems':
      return `a list of at least ${limit}`;
    case 'maxItems':
      return `a list of at most ${limit}`;
    case 'uniqueItems':
      return 'a list without repetition';
    case 'format':
      return `in the form of ${String((params as { format?: string }).format)}`;
    default:
      return describeSchema(schema);
  }
}

/** What may have been meant: a near name, or the same value without its quotes. */
function suggest(node: ConfigNode, schema: JsonSchema): string | undefined {
  if (node.secret === true || node.kind !== 'scalar' || typeof node.value !== 'string') return undefined;
  const word = nearest(
    node.value,
    literals(schema).filter((value) => value !== ''),
  );
  if (word !== undefined) return JSON.stringify(word);
  const plain = node.value.trim();
  const types = [schema, ...(schema.anyOf ?? schema.oneOf ?? [])].map(({ type }) => type);
  if (types.includes('boolean') && /^(true|false)$/i.test(plain)) return plain.toLowerCase();
  if ((types.includes('integer') || types.includes('number')) && /^-?\d{1,15}$/.test(plain)) return plain;
  return undefined;
}

function labelOf(pointer: string): string {
  const step = pointer.split('/').at(-1) ?? '';
  if (step === '') return 'the configuration';
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(name) ? 'this entry' : JSON.stringify(name);
}

function steps(instancePath: string): string[] {
  return instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
