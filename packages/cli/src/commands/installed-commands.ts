import { installedPlugins, loadPlugin, locatePlugin } from '@sluice/config';
import { SluiceError } from '@sluice/plugin-api';
import type { Command } from 'commander';
import { addPluginCommands } from './plugin-command.js';

/**
 * Adds `sluice <plugin> <command>` where the first argument is no command of ours but the name of a plugin that is
 * installed for the working directory, in the package sluice-plugin-<name>. Other plugins are not run for it.
 * @throws SluiceError E_CONFIG_INVALID if it is there and cannot be used
 */
export async function addInstalledCommands(
  program: Command,
  args: readonly string[],
  exit: (code: number) => void,
): Promise<void> {
  const [name = ''] = args;
  if (!/^[a-z][a-z0-9-]*$/.test(name) || program.commands.some((command) => command.name() === name)) return;
  const specifier = `sluice-plugin-${name}`;
  // Whoever mistypes a command has not asked for a plugin.
  if (!installedPlugins(process.cwd()).includes(specifier)) return;
  try {
    const plugin = await loadPlugin(locatePlugin(specifier, [process.cwd()]));
    if (plugin.name === name) addPluginCommands(program, plugin, exit);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SluiceError('E_CONFIG_INVALID', `the plugin "${specifier}" cannot be used: ${why}`);
  }
}
