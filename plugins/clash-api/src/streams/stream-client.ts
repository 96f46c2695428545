import type { ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';

/** Bytes that may wait for a client that does not read. */
const MAX_PENDING = 1024 * 1024;
/** So many newest states in a row may find the last one still unread. */
const MAX_SKIPPED = 10;

/** Somebody who is sent one JSON text after another. */
export abstract class StreamClient {
  #skipped = 0;

  /** Sends what must not be left out. Whoever lets too much of it lie is cut off. */
  push(text: string): void {
    if (this.pending > MAX_PENDING) this.cut();
    else this.write(text);
  }

  /** Sends the newest state, unless an older one is still on its way. Whoever never reads is cut off. */
  offer(text: () => string): void {
    if (this.pending === 0) {
      this.#skipped = 0;
      this.write(text());
      return;
    }
    this.#skipped += 1;
    if (this.#skipped > MAX_SKIPPED) this.cut();
  }

  /** Bytes that the client has not taken yet. */
  protected abstract readonly pending: number;
  protected abstract write(text: string): void;
  protected abstract cut(): void;
  /** Ends the stream in order. */
  abstract end(): void;
  /** Calls once when the client is gone. */
  abstract onClose(listener: () => void): void;
}

export class WebSocketClient extends StreamClient {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  get pending(): number {
    return this.#socket.bufferedAmount;
  }

  write(text: string): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text);
  }

  cut(): void {
    this.#socket.terminate();
  }

  end(): void {
    this.#socket.close(1001);
  }

  onClose(listener: () => void): void {
    this.#socket.once('close', listener);
  }
}

/** The same as lines of a response that goes on. */
export class ChunkedClient extends StreamClient {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    super();
    this.#response = response;
    // Logs may be quiet for long.
    response.setTimeout(0);
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.flushHeaders();
  }

  get pending(): number {
    return this.#response.writableLength;
  }

  write(text: string): void {
    if (!this.#response.writableEnded) this.#response.write(`${text}\n`);
  }

  cut(): void {
    this.#response.destroy();
  }

  end(): void {
    this.#response.end();
  }

  onClose(listener: () => void): void {
    this.#response.once('close', listener);
  }
}
