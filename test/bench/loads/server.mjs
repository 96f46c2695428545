/**
 * The far end of every path but iperf3's: a source, a sink, or a data centre that answers once.
 * It decrypts nothing. Run as a process of its own.
 */
import net from 'node:net';
import { answerParent, markOf } from './answering.mjs';
import { pour, READ_BUFFER, WRITE_BYTES } from './flow.mjs';
import { OPENING_BYTES } from './header.mjs';
import { CANNED_FLIGHT, RecordWalk, recordsOf } from './tls.mjs';

/** As long as a framed resPQ. */
const ANSWER = Buffer.alloc(96, 0x5a);
const MAX_RECORD = 16_384;

/** @type {Set<net.Socket>} */
const sockets = new Set();
let received = 0;
/** @type {net.Server | undefined} */
let server;

/**
 * What a connection does with its bytes: given how many have come in one read, and where.
 * @typedef {(bytes: number, buffer: Uint8Array) => void} OnBytes
 * @type {Record<string, (socket: net.Socket) => OnBytes>}
 */
const behaviours = {
  /** Sends without end, from the first byte on that came. */
  source: (socket) => {
    let pouring = false;
    return () => {
      if (!pouring) pour(socket);
      pouring = true;
    };
  },
  /** Counts. */
  sink: () => (bytes) => {
    received += bytes;
  },
  /** Answers once, when a header and the first payload have come. */
  answer: (socket) => {
    let missing = OPENING_BYTES;
    return (bytes) => {
      const waiting = missing > 0;
      missing -= bytes;
      if (waiting && missing <= 0) socket.write(ANSWER);
    };
  },
  // Without a proxy between, the far end has to speak TLS itself.
  tlsSource: (socket) => afterHello(socket, () => () => void pour(socket, recordsOf(MAX_RECORD, WRITE_BYTES))),
  tlsSink: (socket) =>
    afterHello(socket, () => {
      const walk = new RecordWalk();
      return (bytes, buffer) => {
        received += walk.take(bytes, buffer);
      };
    }),
  tlsAnswer: (socket) => afterHello(socket, () => () => void socket.write(ANSWER)),
};

/**
 * Answers what comes first, and leaves the rest to what `next` makes: whose first bytes are all of the
 * client's opening, because the client writes it at once.
 * @param {net.Socket} socket
 * @param {() => OnBytes} next
 * @returns {OnBytes}
 */
function afterHello(socket, next) {
  /** @type {OnBytes | undefined} */
  let behaviour;
  let missing = Infinity;
  return (bytes, buffer) => {
    if (behaviour !== undefined) {
      behaviour(bytes, buffer);
      return;
    }
    if (missing === Infinity) missing = 5 + 256 * Number(buffer[3]) + Number(buffer[4]);
    missing -= bytes;
    if (missing > 0) return;
    socket.write(CANNED_FLIGHT);
    behaviour = next();
  };
}

/**
 * The accepted connection again, reading into our own memory, which Node documents for outgoing
 * ones only; without it the sink would be the bottleneck.
 * @param {net.Socket} accepted
 * @param {(socket: net.Socket) => OnBytes} behaviour
 */
function serve(accepted, behaviour) {
  const handle = /** @type {any} */ (accepted)._handle;
  /** @type {OnBytes} */
  let onBytes = () => {};
  const onread = {
    buffer: READ_BUFFER,
    callback: (/** @type {number} */ bytes, /** @type {Uint8Array} */ buffer) => {
      onBytes(bytes, buffer);
      return true;
    },
  };
  const socket = new net.Socket(/** @type {any} */ ({ handle, onread, manualStart: true }));
  onBytes = behaviour(socket);
  sockets.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => sockets.delete(socket));
  // A reset leaves no TIME_WAIT behind on the proxy's side, whose local ports would run out.
  socket.on('end', () => socket.resetAndDestroy());
  socket.resume();
}

answerParent({
  /** @param {{behaviour: string}} options */
  open: async ({ behaviour }) => {
    const chosen = behaviours[behaviour];
    if (chosen === undefined) throw new Error(`no server behaves as "${behaviour}"`);
    server = net.createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => serve(accepted, chosen));
    const listening = server;
    await new Promise((resolve, reject) => {
      listening.once('error', reject);
      listening.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => resolve(undefined));
    });
    return { port: /** @type {net.AddressInfo} */ (listening.address()).port };
  },
  mark: () => markOf(received),
  connections: () => sockets.size,
});
