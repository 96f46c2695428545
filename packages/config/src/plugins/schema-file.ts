import { readFileSync, statSync } from 'node:fs';
import { CONTRIBUTION_KINDS, KINDS_WITH_SCHEMA, type PluginSchemaFile } from '@sluice/plugin-api';
import { Ajv } from 'ajv';
import type { LocatedPlugin } from './locate.js';
import { ManifestError } from './manifest.js';

const MAX_SIZE = 4 * 1024 * 1024;
/** They would be resolved within the whole configuration's schema, not within the plugin's. */
const REFERENCES = ['$ref', '$id', '$recursiveRef', '$dynamicRef'];
const WITH_SCHEMA: readonly string[] = KINDS_WITH_SCHEMA;

type Json = Readonly<Record<string, unknown>>;

/** Where a plugin's schema file is: where its manifest says, or for a lone `local.js` in `local.schema.json`. */
export function schemaFilePath({ manifest, entry }: LocatedPlugin): string | undefined {
  if (manifest !== undefined) return manifest.schema;
  const beside = entry.replace(/\.[^.]+$/, '.schema.json');
  return statSync(beside, { throwIfNoEntry: false })?.isFile() === true ? beside : undefined;
}

/** @throws ManifestError saying why the file is none */
export function readSchemaFile(path: string): PluginSchemaFile {
  const value = readJson(path);
  if (!isObject(value) || typeof value.name !== 'string')
    throw new ManifestError(`its schema file ${path} is none: "sluice schema --of" writes one`);
  const ajv = new Ajv({ strict: false, logger: false });
  for (const kind of CONTRIBUTION_KINDS) {
    const group = value[kind] ?? {};
    if (!isObject(group)) throw new ManifestError(`"${kind}" in its schema file must be an object`);
    for (const [name, contribution] of Object.entries(group)) {
      const wrong = faultOf(contribution, WITH_SCHEMA.includes(kind), ajv);
      if (wrong !== undefined) throw new ManifestError(`"${name}" (${kind}) in its schema file ${wrong}`);
    }
  }
  return value as unknown as PluginSchemaFile;
}

function faultOf(contribution: unknown, hasSchema: boolean, ajv: Ajv): string | undefined {
  if (!isObject(contribution) || typeof contribution.description !== 'string') return 'has no "description"';
  if (!hasSchema) return undefined;
  const { schema } = contribution;
  if (!isObject(schema)) return 'has no "schema"';
  const reference = REFERENCES.find((keyword) => hasKey(schema, keyword));
  if (reference !== undefined) return `uses "${reference}": each schema there must be complete in itself`;
  return ajv.validateSchema(schema) === true ? undefined : 'has a "schema" that is no JSON Schema (draft-07)';
}

function readJson(path: string): unknown {
  try {
    if (statSync(path).size <= MAX_SIZE) return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new ManifestError(`its schema file ${path} cannot be read as JSON`);
  }
  throw new ManifestError(`its schema file ${path} is larger than ${MAX_SIZE} bytes`);
}

function hasKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, key) || Object.values(value).some((part) => hasKey(part, key));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
