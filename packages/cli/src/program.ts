import { FORMATS } from '@sluice/config';
import { Command, Option } from 'commander';
import { builtInPlugins } from './built-in-plugins.js';
import { check, type CheckOptions } from './commands/check.js';
import { convert, type ConvertOptions } from './commands/convert.js';
import { explain, type ExplainOptions } from './commands/explain.js';
import { init } from './commands/init.js';
import { lsp } from './commands/lsp.js';
import { addPluginCommands } from './commands/plugin-command.js';
import { listPlugins, type PluginsOptions } from './commands/plugins.js';
import { reload, type ReloadOptions } from './commands/reload.js';
import { run, type RunOptions } from './commands/run.js';
import { schema, type SchemaOptions } from './commands/schema.js';
import type { InitOptions } from './init/answers.js';
import { presets } from './init/presets.js';
import { version } from './version.js';

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

const formatOption = (): Option =>
  new Option('--format <name>', "of the files (default: by each name's ending)").choices(FORMATS);

/** The command line. `exit` receives each command's exit code. */
export function makeProgram(exit: (code: number) => void): Command {
  const program = new Command('sluice')
    .description('A plugin-based proxy core. Understands V2Ray configurations as they stand.')
    .version(version, '-V, --version');
  program
    .command('run')
    .description('start the core and stay until a signal ends it')
    .requiredOption('-c, --config <file>', 'configuration file or folder; repeat to merge several', collect, [])
    .option('--test', 'only say whether the configuration can be run')
    .addOption(formatOption())
    .option('--strict', 'treat unknown keys as errors')
    .option('--plugin <name>', 'a plugin beside those that the configuration names; repeat for several', collect, [])
    .option('--watch', 'go over to the configuration anew whenever a file of it has changed')
    .option('--control <path>', 'listen for `sluice reload` on this Unix socket (default: SLUICE_CONTROL)')
    .action(async (options: RunOptions) => exit(await run(options)));
  program
    .command('check')
    .description('say what is wrong with configuration files')
    .argument('<file...>')
    .addOption(formatOption())
    .option('--json', 'print the diagnostics as JSON')
    .option('--plugin <name>', 'a plugin beside those that the configuration names; repeat for several', collect, [])
    .option('--merge', 'check the files merged, as `run` takes several')
    .option('--strict', 'treat unknown keys as errors')
    .action(async (files: string[], options: CheckOptions) => exit(await check(files, options)));
  program
    .command('convert')
    .description('write a configuration in another format, with its comments')
    .argument('<file>')
    .addOption(
      new Option('--to <name>', "format (default: by the output's name, else YAML, or JSONC from YAML)").choices(
        FORMATS,
      ),
    )
    .addOption(formatOption())
    .option('-o, --output <file>', 'where to (default: the standard output)')
    .option('--force', 'write over a file that is there')
    .action(async (file: string, options: ConvertOptions) => exit(await convert(file, options)));
  program
    .command('explain')
    .description('say rule by rule why a connection would go where it goes; starts nothing')
    .requiredOption('-c, --config <file>', 'configuration file or folder; repeat to merge several', collect, [])
    .requiredOption('--target <destination>', 'where it wants to go: tcp:host:port or udp:host:port')
    .addOption(formatOption())
    .option('--inbound <tag>', 'the inbound that it comes in by (default: the first)')
    .option('--source <address>', "the client's IP:port (default: 127.0.0.1:0)")
    .option('--user <email>', 'who it is from (default: nobody in particular)')
    .option('--protocol <name>', 'what sniffing finds: http, tls, bittorrent… (default: nothing)')
    .option('--attr <name=value>', 'an attribute of an HTTP request, such as :path=/; repeat for several', collect)
    .option('--resolve', 'resolve the name where `domainStrategy` asks for it')
    .option('--json', 'print the steps as JSON')
    .action(async (options: ExplainOptions) => exit(await explain(options)));
  program
    .command('init')
    .description('write a first configuration, with new secrets and what editors need; asks what is not said')
    .addOption(new Option('--preset <name>', 'what it is to be').choices(Object.keys(presets)))
    .option('--listen <ip>', 'the address to listen on (default: every one for mtproto, else 127.0.0.1)')
    .option('--port <number>', 'the port, the first one of several')
    .option('--users <names...>', 'who may use it; each gets a secret or password of their own')
    .option('--domain <name>', 'have mtproto look like visits to this site by TLS')
    .option('--server <host>', 'the name or IP that clients reach this machine by, for links')
    .addOption(new Option('--format <name>', "of the file (default: by its name's ending)").choices(FORMATS))
    .option('-o, --output <file>', 'where to (default: config.sluice.jsonc)')
    .option('--no-editor', 'without settings for VS Code')
    .option('-y, --yes', 'ask nothing: what is not said has its default')
    .option('--force', 'write over a file that is there')
    .action(async (options: InitOptions) => exit(await init(options)));
  program
    .command('reload')
    .description('have a running core read its configuration anew; what did not change keeps its connections')
    .option('--control <path>', 'the Unix socket that the core was given (default: SLUICE_CONTROL)')
    .action(async (options: ReloadOptions) => exit(await reload(options)));
  program
    .command('plugins')
    .description('list the plugins there are, where they are from and what they contribute')
    .option('-c, --config <file>', 'with those that this configuration names; repeat for several', collect, [])
    .option('--plugin <name>', 'with this plugin; repeat for several', collect, [])
    .option('--json', 'print it as JSON')
    .action(async (options: PluginsOptions) => exit(await listPlugins(options)));
  program
    .command('schema')
    .description('write the JSON Schema of configurations, for editors; runs no plugin that is not built in')
    .option('-o, --output <file>', 'where to (default: the standard output)')
    .option('-c, --config <file>', 'with the plugins that this configuration names; repeat for several', collect, [])
    .option('--plugin <name>', 'with this plugin; repeat for several', collect, [])
    .option('--no-installed', 'without plugins that are installed here and not named')
    .option('--of <plugin>', 'write the schema file of this plugin instead, which is run for that')
    .action(async (options: SchemaOptions) => exit(await schema(options)));
  program
    .command('lsp')
    .description('help an editor with configurations, by the Language Server Protocol')
    .option('--stdio', 'at the standard input and output: the only way, and so needless to say')
    // The library that serves reads it by itself: Visual Studio Code's clients give it to every server.
    .option('--clientProcessId <pid>', 'the editor that is served: the server ends when it is gone')
    .action(() => lsp());
  program
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`sluice ${version} (node ${process.versions.node}, ${process.platform} ${process.arch})\n`);
      exit(0);
    });
  for (const plugin of builtInPlugins) addPluginCommands(program, plugin, exit);
  return program;
}
