import type { Buffer } from 'node:buffer';
import type { SnifferContribution, SniffVerdict } from '@sluice/plugin-api';
import { domainName } from './domain-name.js';

/** How much of a request is looked at, in bytes. A Host field behind that is not found. */
const headLimit = 8_192;

// HTTP's own (RFC 9110, RFC 5789) and WebDAV's (RFC 4918, 3253, 3744, 5323).
const methods = [
  ...['get', 'post', 'head', 'put', 'delete', 'options', 'connect', 'trace', 'patch'],
  ...['propfind', 'proppatch', 'mkcol', 'copy', 'move', 'lock', 'unlock', 'report', 'search', 'acl', 'mkcalendar'],
];
const longestMethod = Math.max(...methods.map((method) => method.length));
/** How HTTP/2 begins without TLS (RFC 9113 3.4); its names are compressed. */
const http2Preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const lineFeed = 10;
const space = 32;
const deleteCharacter = 127;

/** HTTP/1: the host of the request's target, or else of its Host field. */
export const httpSniffer: SnifferContribution = {
  description: 'HTTP by its request line, with the host from the target or the Host field.',
  networks: ['tcp'],
  sniff: ([heard]) => (heard === undefined ? 'more' : sniff(heard.subarray(0, headLimit))),
};

function sniff(head: Buffer): SniffVerdict {
  if (!isMethodStart(head)) return isHttp2(head);
  const end = head.indexOf(lineFeed);
  if (end < 0) return head.length < headLimit && isTextStart(head) ? 'more' : 'no';
  const line = /^([A-Z]+) ([^ ]+) HTTP\/1\.[01]\r?$/i.exec(head.toString('latin1', 0, end));
  if (line === null || !isTextStart(head.subarray(0, end))) return 'no';
  const [, method = '', target = ''] = line;
  // RFC 9112 3.2: what the target names is so whatever Host says.
  const host = method.toLowerCase() === 'connect' ? target : hostOfUrl(target);
  if (host !== undefined) return { protocol: 'http', domain: hostName(host) };
  return readHost(head, end + 1);
}

function isMethodStart(head: Buffer): boolean {
  const start = head.toString('latin1', 0, longestMethod + 1).toLowerCase();
  const end = start.indexOf(' ');
  return end < 0 ? methods.some((method) => method.startsWith(start)) : methods.includes(start.slice(0, end));
}

function isHttp2(head: Buffer): SniffVerdict {
  const start = head.toString('latin1', 0, http2Preface.length);
  if (!http2Preface.startsWith(start)) return 'no';
  return start.length < http2Preface.length ? 'more' : { protocol: 'http' };
}

/** No control characters, but for a carriage return at the end. */
function isTextStart(line: Buffer): boolean {
  const end = line.length > 0 && line[line.length - 1] === 13 ? line.length - 1 : line.length;
  for (let i = 0; i < end; i += 1) {
    const character = line[i] ?? 0;
    if (character < space || character === deleteCharacter) return false;
  }
  return true;
}

/** The first Host field, from the first field on. Lines that are no fields are the server's to judge. */
function readHost(head: Buffer, start: number): SniffVerdict {
  for (let at = start; ;) {
    const end = head.indexOf(lineFeed, at);
    if (end < 0) return head.length < headLimit ? 'more' : { protocol: 'http' };
    const line = head.toString('latin1', at, end);
    if (line === '' || line === '\r') return { protocol: 'http' };
    const host = /^host:[ \t]*([^ \t\r]*)[ \t]*\r?$/i.exec(line)?.[1];
    if (host !== undefined) return { protocol: 'http', domain: hostName(host) };
    at = end + 1;
  }
}

/** Of a target in absolute form: host, and port where there is one. */
function hostOfUrl(target: string): string | undefined {
  return /^https?:\/\/(?:[^/?#@]*@)?([^/?#@]*)(?:[/?#]|$)/i.exec(target)?.[1];
}

/** IPv6 literals, too, are no names. */
function hostName(host: string): string | undefined {
  return domainName(host.replace(/:[0-9]*$/, ''));
}
