import type { CommandConfig } from '@sluice/plugin-api';
import plugin from '../index.js';

export interface CommandRun {
  readonly code: number | undefined;
  readonly lines: readonly string[];
}

export type CommandOptions = Readonly<Record<string, string | boolean | string[]>>;

/** Runs a command of the plugin as the command line does. */
export async function runCommand(
  name: string,
  options: CommandOptions,
  config: Partial<CommandConfig> = {},
  isTerminal = false,
): Promise<CommandRun> {
  const lines: string[] = [];
  const command = plugin.commands?.find((found) => found.name === name);
  const code = await command?.run({
    args: [],
    options,
    print: (line) => void lines.push(line),
    isTerminal,
    loadConfig: () => Promise.resolve({ inbounds: [], outbounds: [], ...config }),
  });
  return { code, lines };
}

export function mtprotoInbound(
  settings: object,
  where: { readonly tag?: string; readonly listen?: string; readonly port?: number } = {},
): CommandConfig['inbounds'][number] {
  return { tag: 'tg-in', protocol: 'mtproto', listen: '127.0.0.1', port: 443, ...where, settings };
}
