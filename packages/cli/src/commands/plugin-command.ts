import { isatty } from 'node:tty';
import type { DiagnosticCode } from '@sluice/config';
import { SluiceError, type CommandConfig, type CommandContribution, type Plugin } from '@sluice/plugin-api';
import { Option, type Command } from 'commander';
import { loadConfigFiles } from '../config-files.js';
import { reportDiagnostics } from '../report.js';

const UNREADABLE: DiagnosticCode = 'C_READ';

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
      isTerminal: isatty(1),
      loadConfig: loadCommandConfig,
    });
    exit(code);
  });
}

/** What commands see of a configuration. @throws SluiceError E_CONFIG_READ, E_CONFIG_INVALID */
export async function loadCommandConfig(files: readonly string[]): Promise<CommandConfig> {
  const { config, diagnostics, sources } = await loadConfigFiles(files);
  reportDiagnostics(diagnostics, sources);
  if (config === undefined) {
    const unread = diagnostics.some(({ code }) => code === UNREADABLE);
    throw unread
      ? new SluiceError('E_CONFIG_READ', 'the configuration cannot be read')
      : new SluiceError('E_CONFIG_INVALID', 'the configuration is refused');
  }
  const ruled = new Set(config.routing.rules.map(({ outboundTag }) => outboundTag));
  return {
    inbounds: config.inbounds.map(({ tag, protocol, listen, ports, settings }) => ({
      tag,
      protocol,
      listen,
      port: ports[0]?.from ?? 0,
      settings,
    })),
    outbounds: config.outbounds.map(({ tag, protocol, via }, index) => ({
      tag,
      protocol,
      via,
      isRouted: index === 0 || ruled.has(tag),
    })),
  };
}
