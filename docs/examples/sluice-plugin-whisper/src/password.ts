import { randomBytes } from 'node:crypto';
import type { CommandContribution } from '@sluice/plugin-api';

/** `sluice whisper password` */
export const passwordCommand: CommandContribution = {
  name: 'password',
  summary: 'print a new password',
  options: [{ flags: '--bytes <count>', description: 'how many random bytes it is made of, 8 to 64; default 16' }],
  run({ options: { bytes = '16' }, print }) {
    const count = Number(bytes);
    if (!Number.isInteger(count) || count < 8 || count > 64) {
      print('say a number from 8 to 64');
      return 1;
    }
    print(randomBytes(count).toString('base64url'));
    return 0;
  },
};
