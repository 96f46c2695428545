// What every client script shares: where to go, and the one line of JSON that it leaves behind.
import { writeSync } from 'node:fs';

/** {host, port, secret, dc} as the starter gave them. */
export const target = JSON.parse(process.argv[2]);
/** An empty folder that the starter removes. */
export const workingFolder = process.argv[3];

export function finish(ok, detail) {
  report({ ok, detail });
}

export function report(result) {
  writeSync(1, `\n${JSON.stringify(result)}\n`);
  // The libraries keep sockets and timers for reconnecting.
  process.exit(0);
}
