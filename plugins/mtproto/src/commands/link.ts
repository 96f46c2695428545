import { SluiceError, type CommandContribution, type CommandInvocation } from '@sluice/plugin-api';
import { configuredUsers } from '../configured-users.js';
import type { InboundSettings } from '../schema.js';
import { reachableHost, tgLink, webLink } from '../share-link.js';

export const linkCommand: CommandContribution = {
  name: 'link',
  summary: 'Print the links by which Telegram clients add the proxies of a configuration.',
  options: [
    { flags: '-c, --config <file...>', description: 'the configuration; several are merged', required: true },
    {
      flags: '--server <host>',
      description: 'the name or IP that clients reach this machine by; default: where the inbound listens',
    },
  ],
  async run(invocation) {
    const { inbounds } = await invocation.loadConfig(configFiles(invocation.options));
    const ours = inbounds.filter(({ protocol }) => protocol === 'mtproto');
    if (ours.length === 0) throw new SluiceError('E_CONFIG_INVALID', 'the configuration has no mtproto inbound');
    const { server } = invocation.options;
    for (const { tag, listen, port, settings } of ours) {
      const host = typeof server === 'string' ? server : reachableHost(listen);
      configuredUsers(settings as InboundSettings).forEach((user, index) => {
        invocation.print(`${tag}, ${user.email ?? `users[${index}]`}:`);
        invocation.print(`  ${tgLink(host, port, user)}`);
        invocation.print(`  ${webLink(host, port, user)}`);
      });
    }
    return 0;
  },
};

function configFiles({ config }: CommandInvocation['options']): readonly string[] {
  if (typeof config === 'string') return [config];
  return config === undefined || typeof config === 'boolean' ? [] : config;
}
