import { writeFile } from 'node:fs/promises';
import {
  composeSchema,
  installedPlugins,
  loadPlugin,
  locatePlugin,
  outlinesOf,
  pluginsNamedIn,
  type WantedPlugin,
} from '@sluice/config';
import { schemaFileOf, SluiceError } from '@sluice/plugin-api';
import { plugins } from '../config-files.js';

export interface SchemaOptions {
  readonly output?: string;
  readonly config?: readonly string[];
  readonly plugin?: readonly string[];
  /** False with `--no-installed`. */
  readonly installed?: boolean;
  /** A plugin whose schema file is to be written instead. */
  readonly of?: string;
}

/**
 * `sluice schema`: writes the schema of configurations with the built-in plugins, those that are named, and those that
 * are installed for the working directory, as their schema files say. With `--of` it writes a plugin's schema file.
 * @returns 1 if something is not known of a plugin that is named; the schema allows it anything then
 * @throws SluiceError E_CONFIG_INVALID if the file cannot be written, or the plugin of `--of` not be loaded
 */
export async function schema(options: SchemaOptions): Promise<number> {
  if (options.of !== undefined) {
    await print(schemaFileOf(await loadedPlugin(options.of)), options.output);
    return 0;
  }
  const { wanted: named, unreadable } = await pluginsNamedIn(options.config ?? []);
  for (const file of unreadable) tell(`${file} cannot be read: the plugins that it names are not known`);
  const asked = [...(options.plugin ?? []).map(fromHere), ...named];
  const outlines = outlinesOf(asked);
  for (const { wanted, message } of outlines.problems) tell(`the plugin "${wanted.specifier}" ${message}`);
  // What is installed and not named is of use for completion; what is wrong with it concerns nobody yet.
  const others = options.installed === false ? [] : outlinesOf(installedPlugins(process.cwd()).map(fromHere)).plugins;
  const found = [...outlines.plugins, ...others];
  const isOpen = outlines.isOpen || unreadable.length > 0;
  await print(composeSchema({ plugins: [...plugins, ...found], isOpen }), options.output);
  return outlines.problems.length + unreadable.length === 0 ? 0 : 1;
}

function fromHere(specifier: string): WantedPlugin {
  return { specifier, folder: process.cwd(), place: { pointer: '' } };
}

async function loadedPlugin(specifier: string): ReturnType<typeof loadPlugin> {
  try {
    return await loadPlugin(locatePlugin(specifier, [process.cwd()]));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SluiceError('E_CONFIG_INVALID', `the plugin "${specifier}" cannot be used: ${why}`);
  }
}

async function print(value: unknown, output: string | undefined): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (output === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(output, text);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new SluiceError('E_CONFIG_INVALID', `${output} cannot be written: ${code}`);
  }
}

function tell(message: string): void {
  process.stderr.write(`sluice: ${message}\n`);
}
