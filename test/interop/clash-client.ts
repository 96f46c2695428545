import http from 'node:http';
import { WebSocketClient } from './web-socket-client.js';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Undefined where there is none. */
  readonly body: unknown;
}

/** Asks as a browser does for a dashboard's page: with that page's origin, and after asking for leave if it is another one. */
export class ClashClient {
  readonly #sockets: WebSocketClient[] = [];

  /** @param origin where the dashboard's page comes from */
  constructor(
    readonly port: number,
    readonly secret: string,
    readonly origin: string,
  ) {}

  async ask(method: string, path: string, body?: object): Promise<Answer> {
    const headers = {
      Authorization: `Bearer ${this.secret}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    };
    if (this.origin !== `http://127.0.0.1:${this.port}`) {
      const leave = await this.#send('OPTIONS', path, {
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': Object.keys(headers).join(', ').toLowerCase(),
      });
      const allowed = String(leave.headers['access-control-allow-methods']);
      const asked = String(leave.headers['access-control-allow-headers']).toLowerCase();
      const isAllowed =
        leave.status === 204 &&
        leave.headers['access-control-allow-origin'] === this.origin &&
        allowed.includes(method) &&
        Object.keys(headers).every((name) => asked.includes(name.toLowerCase()));
      if (!isAllowed) throw new Error(`a browser would not send ${method} ${path}: ${JSON.stringify(leave)}`);
    }
    const answer = await this.#send(method, path, headers, body === undefined ? undefined : JSON.stringify(body));
    if (answer.headers['access-control-allow-origin'] !== this.origin)
      throw new Error('a browser would hide the answer');
    return answer;
  }

  /** Rejects where a browser would be refused. */
  async stream(path: string, query: Readonly<Record<string, string>> = {}): Promise<ClashStream> {
    const search = new URLSearchParams({ token: this.secret, ...query });
    const socket = await WebSocketClient.open(this.port, `/${path}?${search.toString()}`, this.origin);
    this.#sockets.push(socket);
    return new ClashStream(socket);
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  #send(method: string, path: string, headers: http.OutgoingHttpHeaders, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: '127.0.0.1',
        port: this.port,
        path: `/${path}`,
        method,
        headers: { ...headers, Origin: this.origin },
        agent: false,
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const { statusCode: status = 0, headers: received } = response;
          resolve({ status, headers: received, body: text === '' ? undefined : (JSON.parse(text) as unknown) });
        });
      });
      request.end(body);
    });
  }
}

/** A WebSocket's messages. */
export class ClashStream {
  readonly #socket: WebSocketClient;

  constructor(socket: WebSocketClient) {
    this.#socket = socket;
  }

  async next(): Promise<unknown> {
    return JSON.parse(await this.#socket.next());
  }

  /** The first one that is as wanted. */
  async find(isWanted: (message: never) => boolean): Promise<unknown> {
    for (;;) {
      const message = await this.next();
      if (isWanted(message as never)) return message;
    }
  }
}
