/**
 * The client end of long streams through a proxy (or straight to the server, for the ceiling).
 * Run as a process of its own.
 */
import net from 'node:net';
import { answerParent, markOf } from './answering.mjs';
import { pour, READ_BUFFER } from './flow.mjs';
import { clientOpening } from './header.mjs';

const SOCKS_GREETING = Buffer.from([5, 1, 0]);
const SOCKS_CHOICE_BYTES = 2;
const SOCKS_REPLY_BYTES = 10;

/** @type {Set<net.Socket>} */
const sockets = new Set();
let received = 0;

/** @param {number} port */
function socksConnect(port) {
  return Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff]);
}

/**
 * The client's lines of a handshake: what to write, and how many bytes of answer to await then.
 * @param {StreamOptions} options
 * @returns {Array<{write: Buffer, answer: number}>}
 */
function handshakeOf({ opening, serverPort, secret }) {
  if (opening === 'socks') {
    return [
      { write: SOCKS_GREETING, answer: SOCKS_CHOICE_BYTES },
      { write: socksConnect(serverPort), answer: SOCKS_REPLY_BYTES },
      { write: Buffer.from('go'), answer: 0 },
    ];
  }
  if (opening === 'mtproto') return [{ write: clientOpening(Buffer.from(secret, 'hex'), 2), answer: 0 }];
  return [{ write: Buffer.from('go'), answer: 0 }];
}

/**
 * @typedef {object} StreamOptions
 * @property {number} port where to connect
 * @property {'down' | 'up'} direction
 * @property {'none' | 'socks' | 'mtproto'} opening
 * @property {number} serverPort what to ask a SOCKS proxy for
 * @property {string} secret of MTProto, in hex
 */

/**
 * Opens one stream; settles when its handshake is over.
 * @param {StreamOptions} options
 * @returns {Promise<void>}
 */
function openStream(options) {
  const steps = handshakeOf(options);
  return new Promise((resolve, reject) => {
    let awaited = 0;
    const advance = () => {
      while (awaited <= 0) {
        const step = steps.shift();
        if (step === undefined) {
          awaited = Infinity;
          if (options.direction === 'up') pour(socket);
          resolve();
          return;
        }
        socket.write(step.write);
        awaited = step.answer;
      }
    };
    const callback = (/** @type {number} */ bytes, /** @type {Uint8Array} */ buffer) => {
      if (awaited === Infinity) {
        received += bytes;
        return true;
      }
      if (buffer[0] !== 5 || (awaited === SOCKS_REPLY_BYTES && buffer[1] !== 0)) {
        socket.destroy(new Error('the SOCKS proxy refused'));
      }
      awaited -= bytes;
      advance();
      return true;
    };
    const socket = net.connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback },
    });
    sockets.add(socket);
    socket.on('connect', advance);
    socket.on('error', reject);
    socket.on('close', () => {
      sockets.delete(socket);
      reject(new Error('the stream was closed in its handshake'));
    });
  });
}

answerParent({
  /** @param {StreamOptions & {streams: number}} options */
  open: async (options) => {
    await Promise.all(Array.from({ length: options.streams }, () => openStream(options)));
  },
  mark: () => markOf(received),
  /** How many streams are still there: fewer than were opened means that the proxy lost some. */
  streams: () => sockets.size,
  close: () => {
    for (const socket of sockets) socket.resetAndDestroy();
  },
});
