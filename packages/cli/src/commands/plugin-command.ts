import { SluiceError, type CommandConfig, type CommandContribution, type Plugin } from '@sluice/plugin-api';
import { Option, type Command } from 'commander';
import { loadConfigFiles } from '../config-files.js';
import { reportDiagnostics } from '../report.js';

/** Adds `sluice <plugin> <command>` for every command that the plugin contributes. */
export function addPluginCommands(program: Command, plugin: Plugin, exit: (code: number) => void): void {
  if (plugin.commands === undefined || plugin.commands.length === 0) return;
  const group = program.command(plugin.name).description(plugin.description);
  for (const contribution of plugin.commands) addCommand(group, contribution, exit);
}

function addCommand(group: Command, contribution: CommandContribution, exit: (code: number) => void): void {
  const command = group.command(contribution.name).description(contribution.summary);
  for (const { flags, description, required } of contribution.options ?? []) {
    const option = new Option(flags, description);
    if (required === true) option.makeOptionMandatory();
    command.addOption(option);
  }
  command.action(async () => {
    const code = await contribution.run({
      args: command.args,
      options: command.opts(),
      print: (line) => void process.stdout.write(`${line}\n`),
      loadConfig,
    });
    exit(code);
  });
}

async function loadConfig(files: readonly string[]): Promise<CommandConfig> {
  const loaded = await loadConfigFiles(files);
  reportDiagnostics(loaded.diagnostics, loaded.sources);
  if (loaded.config === undefined) throw new SluiceError('E_CONFIG_INVALID', 'the configuration is refused');
  return {
    inbounds: loaded.config.inbounds.map(({ tag, protocol, listen, ports, settings }) => ({
      tag,
      protocol,
      listen,
      port: ports[0]?.from ?? 0,
      settings,
    })),
  };
}
