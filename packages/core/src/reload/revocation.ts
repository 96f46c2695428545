import { SluiceError } from '@sluice/plugin-api';
import type { SessionTable } from '../dispatch/session-table.js';

/** Ends what users have open through an inbound. @returns how many connections and flows */
export function endSessionsOf(sessions: SessionTable, tag: string, emails: readonly string[]): number {
  const gone = new Set(emails);
  const error = new SluiceError('E_AUTH', 'the user may no longer use this inbound');
  let ended = 0;
  for (const session of [...sessions]) {
    const { email } = session.user ?? {};
    if (session.inboundTag !== tag || email === undefined || !gone.has(email)) continue;
    session.end(error);
    ended += 1;
  }
  return ended;
}
