import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** An address of this machine that never answers. */
export interface BlackHole {
  readonly host: string;
  readonly port: number;
  /** `host:port`, an IPv6 host in brackets. */
  readonly address: string;
  close(): Promise<void>;
}

const BACKLOG = 1;

/** Listens, and then stands still: the system takes connections up to the backlog, and nobody accepts them. */
const LISTENER = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen({ host: workerData.host, port: 0, backlog: ${BACKLOG} }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(workerData.gate, 0, 0);
  server.close();
});
`;

/** A port whose queue of connections is full: Linux drops each further SYN without a word. */
export async function startBlackHole(host: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<BlackHole> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(LISTENER, { eval: true, workerData: { host, gate } });
  const exited = once(worker, 'exit');
  const [port] = (await once(worker, 'message')) as [number];
  // One more than the backlog still gets in.
  const filling: Socket[] = [];
  for (let i = 0; i <= BACKLOG; i += 1) {
    const socket = connect({ host, port });
    socket.on('error', () => undefined);
    filling.push(socket);
    await once(socket, 'connect');
  }
  return {
    host,
    port,
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    async close() {
      for (const socket of filling) socket.destroy();
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await exited;
    },
  };
}
