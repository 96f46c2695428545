import { definePlugin, defineService, destination, toSluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { ReverseService } from './reverse-service.js';
import { reverseSettings, type ReverseEnd, type ReverseSettings } from './schema.js';

export const reverseService = defineService<ReverseSettings>({
  description:
    'Leads connections from outside, at a portal, to a network inside, behind a bridge that has connected to it.',
  schema: reverseSettings,
  check({ bridges = [], portals = [] }, problems) {
    checkDomains('bridges', bridges, problems);
    checkDomains('portals', portals, problems);
    const tags = new Set<string>();
    portals.forEach(({ tag }, index) => {
      if (tags.has(tag)) problems.error(['portals', index, 'tag'], `there is another portal of the tag "${tag}"`);
      tags.add(tag);
    });
  },
  outboundTags: ({ portals = [] }) => portals.map(({ tag }) => tag),
  inboundTags: ({ bridges = [] }) => [...new Set(bridges.map(({ tag }) => tag))],
  create: (context) => new ReverseService(context),
});

export default definePlugin({
  name: 'reverse',
  version: '0.1.0',
  description: 'Bridges and portals: lets those outside in to a network that can only connect out.',
  services: { reverse: reverseService },
});

function checkDomains(key: string, ends: readonly ReverseEnd[], problems: ProblemReporter): void {
  ends.forEach(({ domain }, index) => {
    try {
      const { type } = destination('tcp', domain, 0);
      if (type !== 'domain') problems.error([key, index, 'domain'], 'this is no domain name');
    } catch (error) {
      problems.error([key, index, 'domain'], toSluiceError(error).message);
    }
  });
}
