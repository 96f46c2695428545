import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** What a server of a bad day does with a request. */
export type ConfigFault =
  /** Status 500, 404, or a redirection to itself. */
  | 'error'
  | 'missing'
  | 'redirect'
  /** Announces the whole, sends half, and ends. */
  | 'truncated'
  /** Goes on sending for as long as somebody reads. */
  | 'endless'
  /** Announces more than anybody should take. */
  | 'announces-huge'
  /** One byte every 5 milliseconds. */
  | 'slow'
  /** The head and half of the body, then nothing. */
  | 'stalled'
  /** No answer at all. */
  | 'silent'
  /** Random bytes in the content's place. */
  | 'garbage'
  | 'empty'
  /** A page for people, as captive portals give it. */
  | 'page'
  /** Bytes that are no HTTP. */
  | 'not-http'
  | 'closes';

const page = '<!doctype html><html><title>Sign in</title><body>Sign in to go on; it is free; welcome.</body></html>';

export function misbehave(fault: ConfigFault, response: ServerResponse, content: Buffer): void {
  const half = content.subarray(0, content.length >> 1);
  switch (fault) {
    case 'error':
      response.writeHead(500).end('Internal Server Error');
      return;
    case 'missing':
      response.writeHead(404).end('Not Found');
      return;
    case 'redirect':
      response.writeHead(302, { location: response.req.url ?? '/' }).end();
      return;
    case 'truncated':
      response.writeHead(200, { 'content-length': content.length });
      response.write(half, () => response.socket?.destroySoon());
      return;
    case 'endless':
      response.writeHead(200);
      pour(response);
      return;
    case 'announces-huge':
      response.writeHead(200, { 'content-length': 1e12 }).write(content);
      return;
    case 'slow':
      response.writeHead(200, { 'content-length': content.length });
      drip(response, content);
      return;
    case 'stalled':
      response.writeHead(200, { 'content-length': content.length }).write(half);
      return;
    case 'silent':
      return;
    case 'garbage':
      response.writeHead(200).end(randomBytes(4096));
      return;
    case 'empty':
      response.writeHead(200).end();
      return;
    case 'page':
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      return;
    case 'not-http':
      response.socket?.end(Buffer.from('\0\x01 what is this?\r\n\r\n'));
      return;
    case 'closes':
      response.socket?.destroy();
  }
}

function pour(response: ServerResponse): void {
  const bytes = randomBytes(1 << 16);
  const more = (): void => {
    while (!response.destroyed && response.write(bytes));
  };
  response.on('drain', more);
  more();
}

function drip(response: ServerResponse, content: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < content.length) response.write(content.subarray(at, (at += 1)));
    if (at < content.length && !response.destroyed) return;
    clearInterval(timer);
    response.end();
  }, 5);
}
