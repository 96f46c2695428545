import { execFile } from 'node:child_process';

/**
 * Tells systemd how the service is doing (sd_notify(3)), if it wants to know. By its own program, as
 * Node has no datagram sockets of the Unix kind; the unit needs `NotifyAccess=all`.
 */
export function notifySystemd(...assignments: readonly string[]): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  execFile('systemd-notify', [`--pid=${process.pid}`, ...assignments], { timeout: 5000 }, (error) => {
    if (error !== null) process.stderr.write(`sluice: systemd-notify failed: ${error.message.split('\n')[0]}\n`);
  });
}
