import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/** The least of a WebSocket (RFC 6455) that a browser has, without the library that the program itself uses. */
export class WebSocketClient {
  readonly #socket: net.Socket;
  readonly #messages: string[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  #isOver = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  /** Rejects with the status line where the server does not agree. */
  static async open(port: number, path: string, origin: string): Promise<WebSocketClient> {
    const socket = net.connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const key = randomBytes(16).toString('base64');
    const head = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      // What browsers offer, and the server declines.
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      `Origin: ${origin}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    let answer = Buffer.alloc(0);
    let end = -1;
    while (end < 0) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      answer = Buffer.concat([answer, chunk]);
      end = answer.indexOf('\r\n\r\n');
    }
    const lines = answer.subarray(0, end).toString().split('\r\n');
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (
      !lines[0]?.includes(' 101 ') ||
      !lines.some((line) => line.toLowerCase() === `sec-websocket-accept: ${accept}`.toLowerCase())
    ) {
      socket.destroy();
      throw new Error(lines[0]);
    }
    const client = new WebSocketClient(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => client.#ended());
    socket.on('data', (chunk) => client.#read(chunk));
    client.#read(answer.subarray(end + 4));
    return client;
  }

  /** The next text message. Rejects when there will be no more. */
  async next(): Promise<string> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#isOver) throw new Error('the WebSocket is closed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #ended(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const short = (this.#unread[1] ?? 0) & 0x7f;
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.#unread.length < head) return;
      const length =
        short === 127 ? Number(this.#unread.readBigUInt64BE(2)) : short === 126 ? this.#unread.readUInt16BE(2) : short;
      if (this.#unread.length < head + length) return;
      const first = this.#unread[0] ?? 0;
      const payload = this.#unread.subarray(head, head + length);
      this.#unread = this.#unread.subarray(head + length);
      // A whole text message, as one frame: neither compressed nor in pieces.
      if (first === 0x81) {
        this.#messages.push(payload.toString());
        this.#wake?.();
      }
    }
  }
}
