/**
 * The client end of long streams through a proxy (or straight to the server, for the ceiling).
 * Run as a process of its own.
 */
import net from 'node:net';
import { answerParent, markOf } from './answering.mjs';
import { pour, READ_BUFFER, WRITE_BYTES } from './flow.mjs';
import { clientOpening } from './header.mjs';
import { flightIsOver, RecordWalk, recordsOf, tlsOpeningMaker } from './tls.mjs';

/** Without a password, and with one. */
const SOCKS_GREETING = { open: Buffer.from([5, 1, 0]), guarded: Buffer.from([5, 1, 2]) };
const SOCKS_CHOICE_BYTES = 2;
const SOCKS_VERDICT_BYTES = 2;
const SOCKS_REPLY_BYTES = 10;
const TDLIB_RECORD_BYTES = 2878;

/** @type {Set<net.Socket>} */
const sockets = new Set();
let received = 0;

/** @param {number} port */
function socksConnect(port) {
  return Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff]);
}

/** RFC 1929. @param {{user: string, pass: string}} account */
function socksAccount({ user, pass }) {
  const field = (/** @type {string} */ text) => [Buffer.byteLength(text), ...Buffer.from(text)];
  return Buffer.from([1, ...field(user), ...field(pass)]);
}

/**
 * One of the client's lines of a handshake.
 * @typedef {object} Step
 * @property {Buffer} write
 * @property {(bytes: number, buffer: Uint8Array) => boolean} answered whether what has come is all of the answer
 */

/**
 * @param {number} length
 * @param {number} [first] what it begins with
 * @returns {Step['answered']}
 */
function exactly(length, first = 5) {
  let missing = length;
  return (bytes, buffer) => {
    if (buffer[0] !== first || (length === SOCKS_REPLY_BYTES && buffer[1] !== 0))
      throw new Error('the SOCKS proxy refused');
    missing -= bytes;
    return missing <= 0;
  };
}

/** @returns {Step['answered']} */
function firstFlight() {
  const walk = new RecordWalk();
  return (bytes, buffer) => {
    walk.take(bytes, buffer);
    return flightIsOver(walk);
  };
}

/**
 * The client's lines of a handshake, and what it says last.
 * @param {StreamOptions} options
 * @returns {{steps: Step[], last: Buffer}}
 */
function handshakeOf({ opening, serverPort, secret, serverName, account }) {
  const last = Buffer.from('go');
  const key = Buffer.from(secret, 'hex');
  if (opening === 'socks') {
    const greeting = SOCKS_GREETING[account === undefined ? 'open' : 'guarded'];
    const steps = [{ write: greeting, answered: exactly(SOCKS_CHOICE_BYTES) }];
    if (account !== undefined) steps.push({ write: socksAccount(account), answered: exactly(SOCKS_VERDICT_BYTES, 1) });
    steps.push({ write: socksConnect(serverPort), answered: exactly(SOCKS_REPLY_BYTES) });
    return { steps, last };
  }
  if (opening === 'mtproto-tls') {
    const { hello, opening } = tlsOpeningMaker(serverName)(key, 2);
    return { steps: [{ write: hello, answered: firstFlight() }], last: opening };
  }
  return { steps: [], last: opening === 'mtproto' ? clientOpening(key, 2) : last };
}

/**
 * @typedef {object} StreamOptions
 * @property {number} port where to connect
 * @property {'down' | 'up'} direction
 * @property {'none' | 'socks' | 'mtproto' | 'mtproto-tls'} opening
 * @property {number} serverPort what to ask a SOCKS proxy for
 * @property {string} secret of MTProto, in hex
 * @property {string} serverName of fake TLS
 * @property {{user: string, pass: string}} [account] for a SOCKS proxy that asks for one
 * @property {number} [recordBytes] payload of each record that goes up
 */

/**
 * Opens one stream; settles when its handshake is over.
 * @param {StreamOptions} options
 * @returns {Promise<void>}
 */
function openStream(options) {
  const { steps, last } = handshakeOf(options);
  const inRecords = options.opening === 'mtproto-tls';
  const chunk = inRecords ? recordsOf(options.recordBytes ?? TDLIB_RECORD_BYTES, WRITE_BYTES) : undefined;
  const walk = new RecordWalk();
  return new Promise((resolve, reject) => {
    /** @type {Step | undefined} */
    let step;
    const advance = () => {
      step = steps.shift();
      if (step !== undefined) {
        socket.write(step.write);
        return;
      }
      socket.write(last);
      if (options.direction === 'up') pour(socket, chunk);
      resolve();
    };
    const callback = (/** @type {number} */ bytes, /** @type {Uint8Array} */ buffer) => {
      try {
        if (step === undefined) received += inRecords ? walk.take(bytes, buffer) : bytes;
        else if (step.answered(bytes, buffer)) advance();
      } catch (error) {
        socket.destroy(/** @type {Error} */ (error));
      }
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
