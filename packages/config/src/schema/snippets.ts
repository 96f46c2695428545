import { exampleOf } from './example.js';
import type { JsonSchema } from './json-schema.js';

/** What an editor offers to insert as a whole. Only the parts of VS Code's that we use. */
interface Snippet {
  readonly label: string;
  readonly description: string;
  readonly body: unknown;
}

interface Described {
  readonly name: string;
  readonly contribution: { readonly description: string; readonly schema: unknown };
}

/** Stands for a secret until the snippet's variable does. */
const SECRET = '(secret)';

/** An entry of `inbounds` for each protocol. */
export function inboundSnippets(inbounds: readonly Described[]): Snippet[] {
  return inbounds.map(({ name, contribution }) => ({
    label: name,
    description: contribution.description,
    body: { tag: `${name}-in`, listen: '127.0.0.1', port: 1080, protocol: name, ...neededSettings(contribution) },
  }));
}

/** An entry of `outbounds` for each protocol. */
export function outboundSnippets(outbounds: readonly Described[]): Snippet[] {
  return outbounds.map(({ name, contribution }) => ({
    label: name,
    description: contribution.description,
    body: { tag: `${name}-out`, protocol: name, ...neededSettings(contribution) },
  }));
}

/** Usual rules of the type "field". */
export const fieldRuleSnippets: readonly Snippet[] = [
  {
    label: 'by domain',
    description: 'Sends domains and their subdomains to an outbound.',
    body: { type: 'field', domain: ['domain:example.org'], outboundTag: 'direct' },
  },
  {
    label: 'by IP',
    description: 'Sends addresses to an outbound.',
    body: { type: 'field', ip: ['10.0.0.0/8'], outboundTag: 'direct' },
  },
  {
    label: 'by inbound',
    description: 'Sends all that comes in by an inbound to an outbound.',
    body: { type: 'field', inboundTag: ['socks-in'], outboundTag: 'direct' },
  },
  {
    label: 'by protocol',
    description: 'Sends what sniffing has found to an outbound.',
    body: { type: 'field', protocol: ['bittorrent'], outboundTag: 'direct' },
  },
];

/** The settings' own example, or what they must hold; secrets are left for the user to fill in. */
function neededSettings({ schema }: Described['contribution']): { readonly settings?: unknown } {
  const { required = [], examples } = schema as JsonSchema;
  if (required.length === 0 && examples === undefined) return {};
  const example = exampleOf(schema as JsonSchema, {}, SECRET) ?? {};
  // A dollar begins a variable of the snippet.
  const escaped = JSON.stringify(example).replaceAll('$', '\\\\$');
  return { settings: JSON.parse(escaped.replaceAll(SECRET, '${1:secret}')) };
}
