import { Buffer } from 'node:buffer';
import {
  badRequest,
  endToEnd,
  requestFraming,
  requestTarget,
  type Framing,
  type RequestHead,
  type RequestTarget,
} from './codec.js';

/** A request to the proxy, understood. */
export interface ProxyRequest {
  readonly head: RequestHead;
  readonly target: RequestTarget;
  readonly framing: Framing;
  /** The client wants to go on with this connection afterwards. */
  readonly keepAlive: boolean;
  /** The protocol that the client offers to switch to, or undefined. */
  readonly upgrade: string | undefined;
  /** The client waits for a word before it sends the body. */
  readonly expectsContinue: boolean;
}

/** @throws HttpError */
export function understand(head: RequestHead, transparent: boolean): ProxyRequest {
  const { fields, minor } = head;
  const framing = requestFraming(head);
  if (head.method === 'CONNECT' && framing.kind !== 'none' && (framing.kind !== 'length' || framing.length > 0)) {
    // Could be taken for the tunnel's first bytes (RFC 9110, section 9.3.6).
    throw badRequest('a CONNECT request has a body');
  }
  const target = requestTarget(head, transparent);
  const options = [...fields.list('connection'), ...fields.list('proxy-connection')];
  return {
    head,
    target,
    framing,
    // RFC 9112, section 9.3: a proxy keeps no connection with an HTTP/1.0 client.
    keepAlive: minor > 0 && !options.includes('close'),
    upgrade: minor > 0 && fields.list('connection').includes('upgrade') ? upgradeOf(head) : undefined,
    expectsContinue: minor > 0 && fields.list('expect').includes('100-continue'),
  };
}

/** HTTP/2 in clear text is left out: its offer is made of more fields, and nothing is lost without it. */
function upgradeOf(head: RequestHead): string | undefined {
  const offered = head.fields.values('upgrade').join(', ');
  return offered === '' || head.fields.list('upgrade').includes('h2c') ? undefined : offered;
}

/**
 * The head that the origin server is sent: in origin-form, with the Host that the URI names
 * (RFC 9112, section 3.2.2), without what concerns only the client and us. Nothing tells of a
 * proxy. The origin is asked to close, since the connection serves one request.
 */
export function originHead({ head, target, framing, upgrade }: ProxyRequest): Buffer {
  const fields = endToEnd(head.fields).without((key) => key === 'expect' && head.minor === 0);
  const body =
    framing.kind === 'length'
      ? `Content-Length: ${framing.length}\r\n`
      : framing.kind === 'chunked'
        ? 'Transfer-Encoding: chunked\r\n'
        : '';
  const connection = upgrade === undefined ? 'Connection: close\r\n' : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  const text = `${head.method} ${target.path} HTTP/1.1\r\nHost: ${target.host}\r\n${fields.serialise()}${body}${connection}\r\n`;
  return Buffer.from(text, 'latin1');
}

/**
 * V2Ray's routing attributes: ":method", ":path" unescaped and without its query, and the first of each
 * field, all as bytes. A tunnel has none.
 */
export function attributesOf({ head, target }: ProxyRequest): Readonly<Record<string, string>> | undefined {
  if (head.method === 'CONNECT') return undefined;
  // No prototype: "__proto__" may be a field's name.
  const attributes = Object.create(null) as Record<string, string>;
  for (const { key, value } of head.fields) {
    if (key !== 'proxy-authorization') attributes[key] ??= value;
  }
  attributes[':method'] = head.method.toUpperCase();
  if (target.path !== '') attributes[':path'] = unescaped(target.path.replace(/\?.*$/s, ''));
  return attributes;
}

function unescaped(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
