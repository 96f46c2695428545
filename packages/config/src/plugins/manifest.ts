import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { API_VERSION } from '@sluice/plugin-api';

/** What a plugin's package.json says of it under "sluice". */
export interface PluginManifest {
  /** The package's name and version. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Versions of the plugin API that it works with: "1", "1 || 2", ">=1". */
  readonly api: string;
  /** The module whose default export is the plugin. */
  readonly entry: string;
  /** A file of schemas, so that editors know the plugin without running it. */
  readonly schema: string | undefined;
  /** What it says it contributes: names by kind. */
  readonly contributes: Readonly<Record<string, readonly string[]>>;
  /** Whether installing the package runs code of it. */
  readonly hasInstallScript: boolean;
}

/** Why a package is no plugin; the message needs no more than the package's name beside it. */
export class ManifestError extends RangeError {}

interface PackageJson {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly description?: unknown;
  readonly main?: unknown;
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly sluice?: unknown;
}

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** @param file a package.json @throws ManifestError */
export function readManifest(file: string): PluginManifest {
  const json = readPackage(file);
  const { sluice: own, scripts } = json;
  if (typeof own !== 'object' || own === null)
    throw new ManifestError('its package.json has no "sluice": it is no plugin');
  const { api, entry, schema, contributes } = own as Readonly<Record<string, unknown>>;
  if (typeof api !== 'string' || ranges(api) === undefined)
    throw new ManifestError('"sluice.api" in its package.json must say the versions of the plugin API, such as "1"');
  const folder = dirname(file);
  const module = text(entry) ?? text(json.main);
  if (module === undefined) throw new ManifestError('"sluice.entry" in its package.json must name its module');
  return {
    name: text(json.name) ?? folder,
    version: text(json.version) ?? '0.0.0',
    description: text(json.description) ?? '',
    api,
    entry: within(folder, module, 'sluice.entry'),
    schema: text(schema) === undefined ? undefined : within(folder, text(schema) as string, 'sluice.schema'),
    contributes: readContributes(contributes),
    hasInstallScript: INSTALL_SCRIPTS.some((name) => scripts?.[name] !== undefined),
  };
}

/** Whether a manifest's `api` takes this version of the plugin API. */
export function takesApi(api: string, version: number = API_VERSION): boolean {
  return ranges(api)?.some(([from, to]) => from <= version && version <= to) === true;
}

function ranges(api: string): [number, number][] | undefined {
  const parts = api.split('||').map((part) => /^\s*(>=|\^)?\s*(\d{1,6})(?:\s*-\s*(\d{1,6}))?\s*$/.exec(part));
  if (parts.some((part) => part === null)) return undefined;
  return parts.map((part) => {
    const from = Number(part?.[2]);
    return [from, part?.[1] === '>=' ? Infinity : Number(part?.[3] ?? from)];
  });
}

function readPackage(file: string): PackageJson {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof json === 'object' && json !== null) return json;
  } catch {
    // Told below.
  }
  throw new ManifestError(`${file} cannot be read as JSON`);
}

function readContributes(value: unknown): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = {};
  if (typeof value !== 'object' || value === null) return found;
  for (const [kind, names] of Object.entries(value)) {
    if (Array.isArray(names)) found[kind] = names.filter((name) => typeof name === 'string');
  }
  return found;
}

/** A package names files of its own, not of others. */
function within(folder: string, path: string, key: string): string {
  const full = resolve(folder, path);
  if (full.startsWith(join(folder, '/'))) return full;
  throw new ManifestError(`"${key}" in its package.json leads out of the package`);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
