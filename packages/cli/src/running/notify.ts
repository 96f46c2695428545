import { execFile } from 'node:child_process';

/** What was told before: each has to arrive before the next is sent. */
let told = Promise.resolve();

/**
 * Tells systemd how the service is doing (sd_notify(3)), if it wants to know. By its own program, as
 * Node has no datagram sockets of the Unix kind; the unit needs `NotifyAccess=all`.
 */
export function notifySystemd(...assignments: readonly string[]): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  told = told.then(() => notify(assignments));
}

function notify(assignments: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile('systemd-notify', [`--pid=${process.pid}`, ...assignments], { timeout: 5000 }, (error) => {
      if (error !== null) process.stderr.write(`sluice: systemd-notify failed: ${error.message.split('\n')[0]}\n`);
      resolve();
    });
  });
}
