import { domainToASCII } from 'node:url';
import type { CommandContribution } from '@sluice/plugin-api';
import { formatSecret, newSecret, type Secret } from '../secret.js';
import { commandError } from './command-error.js';
import { text } from './options.js';

export const secretCommand: CommandContribution = {
  name: 'secret',
  summary: 'Make a new random secret for a user.',
  options: [
    { flags: '--padded', description: 'a "dd" secret, under which clients must use the padded framing' },
    {
      flags: '--tls <domain>',
      description: 'an "ee" secret, under which clients must use fake TLS and name this site',
    },
    { flags: '--base64', description: 'written in base64url, which is shorter, instead of hexadecimal digits' },
  ],
  run(invocation) {
    const { options, print } = invocation;
    print(formatSecret(secretFor(text(options, 'tls'), options['padded'] === true), encodingOf(options['base64'])));
    return 0;
  },
};

function secretFor(domain: string | undefined, padded: boolean): Secret {
  if (domain === undefined) return newSecret(padded ? 'padded' : 'plain');
  if (padded) throw commandError('--tls and --padded exclude each other: fake TLS has the padded framing anyway');
  return newSecret('tls', domainToASCII(domain));
}

function encodingOf(base64: unknown): 'hex' | 'base64url' {
  return base64 === true ? 'base64url' : 'hex';
}
