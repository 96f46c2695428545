import { SluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { parseControllerAddress } from './access/controller-address.js';
import { normalOrigin } from './access/origins.js';
import type { ClashApiSettings } from './schema.js';

/** A secret that others can try may not be guessed in an afternoon. */
const SHORT_SECRET = 8;

export function checkClashApi(settings: ClashApiSettings, problems: ProblemReporter): void {
  const secret = settings.secret ?? '';
  try {
    const { isLoopback } = parseControllerAddress(settings['external-controller']);
    if (!isLoopback && secret === '') {
      problems.error(
        ['external-controller'],
        'this address can be reached from other machines: set a `secret`, or listen on 127.0.0.1',
      );
    } else if (!isLoopback && secret.length < SHORT_SECRET) {
      problems.warning(['secret'], 'other machines can try to guess so short a secret: use a long random one');
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    problems.error(['external-controller'], error.message);
  }

  const mode = settings['default-mode'];
  if (mode !== undefined && mode.toLowerCase() !== 'rule') {
    problems.error(['default-mode'], 'there is no other mode than "rule": write a rule that leads all to one outbound');
  }

  settings['allow-origins']?.forEach((origin, i) => {
    if (origin === '*') {
      if (secret === '') {
        problems.error(
          ['allow-origins', i],
          'without a `secret` every page that is opened in a browser here could change this proxy',
        );
      }
    } else if (normalOrigin(origin) === undefined) {
      problems.error(['allow-origins', i], 'write an origin as in "https://board.example", or "*"');
    } else if (secret === '') {
      problems.warning(['allow-origins', i], 'without a `secret` every page of this origin can change this proxy');
    }
  });
}
