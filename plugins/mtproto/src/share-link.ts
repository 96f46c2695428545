import type { Endpoint } from '@sluice/plugin-api';
import { formatSecret } from './secret.js';
import type { MtprotoUser } from './users.js';

const MAX_ANNOUNCED = 16;

/** What Telegram opens to add a proxy. @param host a name or IP, without brackets */
export function tgLink(host: string, port: number, user: MtprotoUser): string {
  return `tg://proxy?${query(host, port, user)}`;
}

/** The same as a web address, for chats and browsers. */
export function webLink(host: string, port: number, user: MtprotoUser): string {
  return `https://t.me/proxy?${query(host, port, user)}`;
}

/** An address that a client can be given: one that means "all addresses" becomes 127.0.0.1. */
export function reachableHost(listen: string): string {
  return listen === '0.0.0.0' || listen === '::' || listen === '' ? '127.0.0.1' : listen;
}

/** A line for each user and port, up to a number that a person would read. */
export function announcedLinks(users: readonly MtprotoUser[], listening: readonly Endpoint[]): readonly string[] {
  const lines = listening
    .filter(({ port }) => port !== 0)
    .flatMap(({ address, port }) =>
      users.map((user) => {
        const link = tgLink(reachableHost(address), port, user);
        return user.email === undefined ? link : `${user.email}: ${link}`;
      }),
    );
  if (lines.length <= MAX_ANNOUNCED) return lines;
  return [...lines.slice(0, MAX_ANNOUNCED), `and ${lines.length - MAX_ANNOUNCED} more links`];
}

function query(host: string, port: number, user: MtprotoUser): string {
  return `server=${encodeURIComponent(host)}&port=${port}&secret=${formatSecret(user.secret)}`;
}
