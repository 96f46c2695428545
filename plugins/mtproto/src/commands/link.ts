import { destination, type CommandConfig, type CommandContribution, type CommandInvocation } from '@sluice/plugin-api';
import type { SecretMode } from '../secret.js';
import { isEveryAddress, reachableHost, secretForms, tgLink, webLink } from '../share-link.js';
import { commandError } from './command-error.js';
import { mtprotoInbounds, userName, type ConfiguredInbound } from './mtproto-inbounds.js';
import { configFiles, configOption, text, wholeNumber } from './options.js';
import { checkQrFile, qrLines, writeQrFile } from './qr-code.js';

/** What a client of a user's can be given. */
interface UserLink {
  readonly inbound: string;
  readonly user: string;
  readonly mode: SecretMode;
  /** The name of the site that fake TLS asks for. */
  readonly domain?: string;
  readonly tg: string;
  readonly web: string;
}

const modeNames: Readonly<Record<SecretMode, string>> = {
  tls: 'fake TLS',
  padded: 'padded',
  plain: 'plain',
};

export const linkCommand: CommandContribution = {
  name: 'link',
  summary: 'Print the links by which Telegram clients add the proxies of a configuration.',
  options: [
    configOption,
    {
      flags: '--server <host>',
      description: 'the name or IP that clients reach this machine by; default: where the inbound listens',
    },
    { flags: '--port <number>', description: 'the port that they reach it by; default: where the inbound listens' },
    { flags: '--inbound <tag>', description: 'the links of this inbound only' },
    { flags: '--user <email>', description: 'the links of this user only' },
    {
      flags: '--all',
      description: 'every form that the inbound accepts, not only the one that is hardest to recognise',
    },
    { flags: '--qr', description: 'show each tg:// link as a QR code, too' },
    { flags: '--qr-file <file>', description: 'write the tg:// link as a QR code into a file: .png or .svg' },
    { flags: '--json', description: 'print the links as JSON' },
  ],
  async run(invocation) {
    const { options, print } = invocation;
    const file = text(options, 'qrFile');
    if (file !== undefined) checkQrFile(file);
    const server = serverOf(options);
    const port = wholeNumber(options, 'port', 1, 65_535);
    const inbounds = wantedInbounds(await invocation.loadConfig(configFiles(options)), text(options, 'inbound'));
    const links = inbounds.flatMap((inbound) => linksOf(inbound, server, port, options));
    if (links.length === 0) throw noLinks(inbounds, options);
    if (file !== undefined && links.length > 1) {
      throw commandError(`--qr-file holds one link, and there are ${links.length}: choose by --inbound and --user`);
    }
    if (options['json'] === true) print(JSON.stringify(links, null, 2));
    else await printLinks(links, invocation);
    if (options['json'] !== true && server === undefined && inbounds.some(({ listen }) => isEveryAddress(listen))) {
      print('127.0.0.1 reaches this machine from itself only: name it with --server for others.');
    }
    const [first] = links;
    if (file !== undefined && first !== undefined) await writeQrFile(file, first.tg);
    return 0;
  },
};

function wantedInbounds(config: CommandConfig, tag: string | undefined): readonly ConfiguredInbound[] {
  const all = mtprotoInbounds(config);
  const wanted = tag === undefined ? all : all.filter((inbound) => inbound.tag === tag);
  if (wanted.length === 0) throw commandError('no mtproto inbound has that tag');
  return wanted;
}

function linksOf(
  { tag, listen, port: listensOn, users, accepted }: ConfiguredInbound,
  server: string | undefined,
  givenPort: number | undefined,
  options: CommandInvocation['options'],
): readonly UserLink[] {
  const wanted = text(options, 'user');
  const host = server ?? reachableHost(listen);
  const port = givenPort ?? listensOn;
  if (port === 0 || host.startsWith('/') || host.startsWith('@')) {
    throw commandError(`${tag} listens on a Unix socket: say by --server and --port what clients connect to`);
  }
  return users.flatMap((user, index) => {
    if (wanted !== undefined && user.email !== wanted) return [];
    const forms = secretForms(user.secret, accepted);
    return (options['all'] === true ? forms : forms.slice(0, 1)).map((form) => ({
      inbound: tag,
      user: userName(user, index),
      mode: form.mode,
      ...(form.domain === undefined ? {} : { domain: form.domain }),
      tg: tgLink(host, port, form),
      web: webLink(host, port, form),
    }));
  });
}

async function printLinks(links: readonly UserLink[], invocation: CommandInvocation): Promise<void> {
  const { options, print, isTerminal } = invocation;
  for (const { inbound, user, mode, domain, tg, web } of links) {
    print(`${inbound}, ${user} (${modeNames[mode]}${domain === undefined ? '' : ` as ${domain}`}):`);
    print(`  ${tg}`);
    print(`  ${web}`);
    if (options['qr'] === true) (await qrLines(tg, isTerminal)).forEach(print);
  }
}

/** @throws SluiceError E_ADDRESS_INVALID */
function serverOf(options: CommandInvocation['options']): string | undefined {
  const server = text(options, 'server');
  return server === undefined ? undefined : destination('tcp', server, 0).host;
}

function noLinks(inbounds: readonly ConfiguredInbound[], options: CommandInvocation['options']): Error {
  const wanted = text(options, 'user');
  if (wanted !== undefined && !inbounds.some(({ users }) => users.some(({ email }) => email === wanted))) {
    return commandError('no mtproto inbound has a user with that email');
  }
  return commandError('the inbound accepts no mode that the secrets are for: see its "modes"');
}
