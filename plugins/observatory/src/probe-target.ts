import { destination, type Destination } from '@sluice/plugin-api';

/** A URL to ask for. */
export interface ProbeTarget {
  readonly to: Destination;
  /** The host without brackets. */
  readonly host: string;
  readonly isSecure: boolean;
  readonly request: (method: string) => string;
}

/** @returns undefined if the text is no http: or https: URL with a host */
export function readTarget(written: string): ProbeTarget | undefined {
  if (!URL.canParse(written)) return undefined;
  const url = new URL(written);
  const isSecure = url.protocol === 'https:';
  if ((!isSecure && url.protocol !== 'http:') || url.hostname === '' || url.username !== '') return undefined;
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  if (port === 0) return undefined;
  return {
    to: destination('tcp', host, port),
    host,
    isSecure,
    request: (method) =>
      `${method} ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUser-Agent: sluice\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
  };
}
