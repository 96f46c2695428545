import { destination, type Destination } from '@sluice/plugin-api';
import type { RequestHead } from './head.js';
import { badRequest } from './http-error.js';

/** Where a request is to go and what is said there. */
export interface RequestTarget {
  readonly to: Destination;
  /** The Host field's value: host, and port if one was named. */
  readonly host: string;
  /** In origin-form, or "*". Empty for CONNECT. */
  readonly path: string;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const AUTHORITY = /^(\[[0-9A-Fa-f:.]{2,45}\]|[!$&'()*+,\-.;=_~%0-9A-Za-z]{1,255})(?::(\d{0,5}))?$/;
const ABSOLUTE = /^http:\/\/([^/?#]*)([^#]*)$/i;

/**
 * What a request to a proxy asks for (RFC 9112, section 3.2; RFC 9110, section 9.3.6).
 * @param transparent take requests in origin-form too, as a redirected client sends them
 * @throws HttpError 400
 */
export function requestTarget(head: RequestHead, transparent: boolean): RequestTarget {
  const hosts = head.fields.values('host');
  if (hosts.length > 1) throw badRequest('the request has several Host fields');
  if (head.method === 'CONNECT') return connectTarget(head.target);
  // Clients that CONNECT leave it out often enough; for the others it is a must since HTTP/1.1.
  if (hosts.length === 0 && head.minor > 0) throw badRequest('the request has no Host field');
  const [, authority, rest] = ABSOLUTE.exec(head.target) ?? [];
  if (authority !== undefined)
    return { to: authorityTo(authority, HTTP_PORT), host: authority, path: originForm(head.method, rest ?? '') };
  const isOrigin = head.target.startsWith('/') || (head.target === '*' && head.method === 'OPTIONS');
  if (!isOrigin) throw badRequest('the request target is not an http URI');
  if (!transparent) throw badRequest('a request to a proxy must name the whole URI');
  const [host] = hosts;
  if (host === undefined || host === '') throw badRequest('the request does not say to which host it goes');
  return { to: authorityTo(host, HTTP_PORT), host, path: head.target };
}

function connectTarget(authority: string): RequestTarget {
  // Without a port it is what CONNECT is made for.
  return { to: authorityTo(authority, HTTPS_PORT), host: authority, path: '' };
}

function originForm(method: string, rest: string): string {
  if (rest.startsWith('/')) return rest;
  // RFC 9112, section 3.2.4.
  if (rest === '' && method === 'OPTIONS') return '*';
  return `/${rest}`;
}

function authorityTo(authority: string, defaultPort: number): Destination {
  const [, host, portText] = AUTHORITY.exec(authority) ?? [];
  if (host === undefined) throw badRequest('the host is malformed');
  const port = portText === undefined || portText === '' ? defaultPort : Number(portText);
  if (port === 0 || port > 65535) throw badRequest('the port is not between 1 and 65535');
  const to = destination('tcp', host, port);
  if (host.startsWith('[') && to.type === 'domain') throw badRequest('the IPv6 address is malformed');
  return to;
}
