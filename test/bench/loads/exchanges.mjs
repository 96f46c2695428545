/**
 * MTProto clients that connect, send a header and a first payload, and wait for the first byte of
 * an answer: in a closed loop, or to be held idle. Run as a process of its own.
 */
import net from 'node:net';
import { answerParent, markOf } from './answering.mjs';
import { READ_BUFFER } from './flow.mjs';
import { clientOpening } from './header.mjs';
import { flightIsOver, RecordWalk, tlsOpeningMaker } from './tls.mjs';

/** What a client writes: the hello, if in fake TLS, and then the opening. @typedef {{hello?: Buffer, opening: Buffer}} Opening */

/** @type {Opening[]} */
let openings = [];
/** @type {(index: number) => Opening} */
let makeOpening = () => ({ opening: Buffer.alloc(0) });
let made = 0;
/** Whether each exchange comes from another address of 127.0.0.0/8. */
let fromAnywhere = false;
let lastAddress = 0;
let answered = 0;
let failed = 0;
let looping = false;
/** @type {Set<net.Socket>} */
const sockets = new Set();

/** An opening that was never used before: from the stock, or made on the spot when that is empty. */
function nextOpening() {
  return openings.pop() ?? makeOpening(made++);
}

/** One after the other of sixteen million, so that none comes back soon. */
function nextAddress() {
  lastAddress = (lastAddress + 1) % 0xfffe00;
  const n = lastAddress + 0x100;
  return `127.${n >> 16}.${(n >> 8) & 0xff}.${n & 0xff}`;
}

/**
 * Openings with nonces of their own for every one, over all users and all five data centres.
 * @param {{secrets: string[], serverName?: string}} options
 * @returns {(index: number) => Opening}
 */
function openingMaker({ secrets, serverName }) {
  const keys = secrets.map((secret) => Buffer.from(secret, 'hex'));
  const inTls = serverName === undefined ? undefined : tlsOpeningMaker(serverName);
  return (index) => {
    const key = /** @type {Buffer} */ (keys[index % keys.length]);
    const dc = (index % 5) + 1;
    return inTls === undefined ? { opening: clientOpening(key, dc) } : inTls(key, dc);
  };
}

/**
 * One exchange.
 * @param {number} port
 * @param {(socket: net.Socket) => void} onAnswer with the connection still open
 * @param {() => void} onFailure
 */
function exchange(port, onAnswer, onFailure) {
  let waiting = true;
  const { hello, opening } = nextOpening();
  let flight = hello === undefined ? undefined : new RecordWalk();
  const callback = (/** @type {number} */ bytes, /** @type {Uint8Array} */ buffer) => {
    if (flight !== undefined) {
      try {
        flight.take(bytes, buffer);
      } catch {
        socket.destroy();
        return false;
      }
      if (!flightIsOver(flight)) return true;
      flight = undefined;
      socket.write(opening);
    } else if (waiting) {
      waiting = false;
      answered++;
      onAnswer(socket);
    }
    return true;
  };
  const localAddress = fromAnywhere ? { localAddress: nextAddress() } : undefined;
  const socket = net.connect({ host: '127.0.0.1', port, ...localAddress, onread: { buffer: READ_BUFFER, callback } });
  sockets.add(socket);
  socket.write(hello ?? opening);
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    if (!waiting) return;
    waiting = false;
    failed++;
    onFailure();
  });
}

/**
 * The same, over and over, until told to stop. A reset ends each, so that no TIME_WAIT uses up the
 * local ports; and a failure is counted and followed by the next try.
 * @param {number} port
 */
function loop(port) {
  const again = () => {
    if (looping) loop(port);
  };
  exchange(
    port,
    (socket) => {
      socket.resetAndDestroy();
      again();
    },
    () => setTimeout(again, 10),
  );
}

/**
 * A fixed number of exchanges, some at a time.
 * @param {{port: number, count: number, concurrency: number}} options
 * @param {(socket: net.Socket) => void} onAnswer
 * @returns {Promise<void>}
 */
function runMany({ port, count, concurrency }, onAnswer) {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let done = 0;
    const next = () => {
      if (begun >= count) return;
      begun++;
      exchange(
        port,
        (socket) => {
          onAnswer(socket);
          if (++done === count) resolve();
          else next();
        },
        () => reject(new Error(`a connection was closed before it was answered (${done} were answered)`)),
      );
    };
    for (let index = 0; index < concurrency; index++) next();
  });
}

answerParent({
  /** @param {{secrets: string[], serverName?: string, count: number, fromAnywhere?: boolean}} options */
  prepare: (options) => {
    makeOpening = openingMaker(options);
    fromAnywhere = options.fromAnywhere ?? false;
    openings = Array.from({ length: options.count }, () => makeOpening(made++));
  },
  /** @param {{port: number, concurrency: number}} options */
  start: ({ port, concurrency }) => {
    failed = 0;
    looping = true;
    for (let index = 0; index < concurrency; index++) loop(port);
  },
  mark: () => ({ ...markOf(answered), failed }),
  stop: () => {
    looping = false;
    for (const socket of sockets) socket.resetAndDestroy();
  },
  /** Opens, and closes again. @param {{port: number, count: number, concurrency: number}} options */
  churn: (options) => runMany(options, (socket) => socket.resetAndDestroy()),
  /** Opens, and holds. @param {{port: number, count: number, concurrency: number}} options */
  hold: (options) => runMany(options, () => {}),
  held: () => sockets.size,
});
