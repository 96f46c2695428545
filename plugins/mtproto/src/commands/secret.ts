import type { CommandContribution } from '@sluice/plugin-api';
import { formatSecret, newSecret } from '../secret.js';

export const secretCommand: CommandContribution = {
  name: 'secret',
  summary: 'Make a new random secret for a user.',
  options: [{ flags: '--padded', description: 'a "dd" secret, under which clients must use the padded framing' }],
  run(invocation) {
    const mode = invocation.options['padded'] === true ? 'padded' : 'plain';
    invocation.print(formatSecret(newSecret(mode)));
    return 0;
  },
};
