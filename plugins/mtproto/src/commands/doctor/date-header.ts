import http from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClockReadings } from './clock-readings.js';

/** Asks a web server for nothing but its headers, and notes its clock. Never fails: no answer tells no time. */
export function readDateHeader(
  stream: Duplex,
  host: string,
  readings: ClockReadings,
  signal: AbortSignal,
  path = '/',
): Promise<void> {
  return new Promise((resolve) => {
    const asked = performance.now();
    const request = http.request({
      method: 'HEAD',
      path,
      headers: { host, connection: 'close' },
      // In place of an agent, which would connect by itself.
      createConnection: () => stream,
      signal,
    });
    request.on('error', () => resolve());
    request.on('response', (response) => {
      const date = Date.parse(response.headers.date ?? '');
      if (!Number.isNaN(date)) readings.addWebServer(host, date, performance.now() - asked);
      response.destroy();
      resolve();
    });
    request.end();
  });
}
