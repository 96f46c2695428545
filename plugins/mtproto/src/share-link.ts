import type { Endpoint } from '@sluice/plugin-api';
import { formatSecret, type Secret } from './secret.js';
import type { Accepted } from './accepted.js';
import type { MtprotoUser } from './users.js';

const MAX_ANNOUNCED = 16;

/** What Telegram opens to add a proxy. @param host a name or IP, without brackets */
export function tgLink(host: string, port: number, secret: Secret): string {
  return `tg://proxy?${query(host, port, secret)}`;
}

/** The same as a web address, for chats and browsers. */
export function webLink(host: string, port: number, secret: Secret): string {
  return `https://t.me/proxy?${query(host, port, secret)}`;
}

/**
 * The forms in which a user's clients may be given the secret, the one that is hardest to recognise
 * on the wire first: fake TLS under each name, then the padded framing, then any. None if the inbound
 * accepts nothing that the secret is for.
 */
export function secretForms(secret: Secret, { modes, serverNames }: Accepted): readonly Secret[] {
  const { mode, key } = secret;
  if (mode !== 'plain') return modes.has(mode) ? [secret] : [];
  const names = modes.has('tls') ? [...new Set(serverNames.map((name) => name.toLowerCase()))] : [];
  return [
    ...names.map((domain): Secret => ({ mode: 'tls', key, domain })),
    ...(['padded', 'plain'] as const).filter((each) => modes.has(each)).map((each): Secret => ({ mode: each, key })),
  ];
}

/** An address that a client can be given: one that means "all addresses" becomes 127.0.0.1. */
export function reachableHost(listen: string): string {
  return isEveryAddress(listen) ? '127.0.0.1' : listen;
}

export function isEveryAddress(listen: string): boolean {
  return listen === '0.0.0.0' || listen === '::' || listen === '';
}

/** A line for each user and port, up to a number that a person would read. */
export function announcedLinks(
  users: readonly MtprotoUser[],
  accepted: Accepted,
  listening: readonly Endpoint[],
): readonly string[] {
  const lines = listening
    .filter(({ port }) => port !== 0)
    .flatMap(({ address, port }) =>
      users.flatMap(({ email, secret }) =>
        secretForms(secret, accepted)
          .slice(0, 1)
          .map((form) => `${email === undefined ? '' : `${email}: `}${tgLink(reachableHost(address), port, form)}`),
      ),
    );
  if (lines.length <= MAX_ANNOUNCED) return lines;
  return [...lines.slice(0, MAX_ANNOUNCED), `and ${lines.length - MAX_ANNOUNCED} more links`];
}

function query(host: string, port: number, secret: Secret): string {
  return `server=${encodeURIComponent(host)}&port=${port}&secret=${formatSecret(secret)}`;
}
