import { SECRET, SERVER_NAME, socksConfig } from '../configs.mjs';
import { Load } from '../load.mjs';
import { rateOf } from '../rate.mjs';
import { configOf, FAKE_TLS, PLAIN } from './modes.mjs';
import { SideBySide, stopAll } from './work.mjs';

/** @typedef {import('../subjects.mjs').Subject} Subject */

/**
 * How streams come to the subjects.
 * @typedef {object} Protocol
 * @property {string} name
 * @property {string} title
 * @property {number} streams
 * @property {(serverPort: number) => (port: number, subject: Subject) => unknown} configFor
 * @property {(subject: Subject | undefined) => 'none' | 'socks' | 'mtproto' | 'mtproto-tls'} openingOf without a
 *   subject: straight to the server
 * @property {{user: string, pass: string}} [account] for SOCKS
 * @property {Subject[]} [subjects] instead of Sluice and V2Ray
 * @property {{quick: number, full: number}} [rounds]
 */

/**
 * Long streams of our own generators, whose bytes are counted where they arrive: payload only, without
 * the headers of TLS records.
 * @param {Protocol} protocol
 * @param {object} what
 * @param {'down' | 'up'} what.direction
 * @param {import('./work.mjs').Target} what.target
 * @param {string} [what.suffix] of the name
 * @param {number} [what.recordBytes] payload of each TLS record that goes up
 * @returns {import('./work.mjs').Work}
 */
export function streamsWork(protocol, { direction, target, suffix = '', recordBytes }) {
  const { name, title, streams, configFor, openingOf, account, subjects, rounds } = protocol;
  return {
    name: `${name}-${direction}${suffix}`,
    title: `${title}, ${direction}${recordBytes === undefined ? '' : `, records of ${recordBytes}`}`,
    unit: 'GB/s',
    better: 'more',
    target,
    ...(subjects === undefined ? undefined : { subjects }),
    rounds: rounds ?? { quick: 3, full: 5 },
    async open(bench) {
      const client = new Load('streams');
      const server = await openServer(direction, false);
      const proxies = await SideBySide.start(bench, configFor(server.port));

      /**
       * @param {number} port
       * @param {Awaited<ReturnType<typeof openServer>>} server
       * @param {Subject} [subject]
       * @param {import('../subjects.mjs').RunningSubject} [running]
       */
      async function measure(port, server, subject, running) {
        const tls = { serverName: SERVER_NAME, recordBytes };
        const options = { port, direction, streams, serverPort: server.port, secret: SECRET, account, ...tls };
        await client.ask('open', { ...options, opening: openingOf(subject) });
        const receiver = direction === 'down' ? client : server.load;
        const { perSecond, cores } = await rateOf(() => receiver.ask('mark'), bench.time, running);
        const left = await client.ask('streams');
        await client.ask('close');
        if (left !== streams) throw new Error(`${streams - left} of ${streams} streams broke off`);
        if (perSecond === 0) throw new Error('nothing arrived');
        return { value: perSecond / 1e9, cores };
      }

      return {
        measure(subject) {
          const { running, port } = proxies.of(subject);
          return measure(port, server, subject, running);
        },
        async ceiling() {
          const direct = await openServer(direction, openingOf(undefined) === 'mtproto-tls');
          try {
            return (await measure(direct.port, direct)).value;
          } finally {
            await direct.load.stop();
          }
        },
        close: () => stopAll([server.load, client, proxies]),
      };
    },
  };
}

/**
 * @param {'down' | 'up'} direction
 * @param {boolean} speaksTls because no proxy is between
 */
async function openServer(direction, speaksTls) {
  const load = new Load('server');
  const behaviour = direction === 'down' ? 'source' : 'sink';
  const { port } = await load.ask('open', {
    behaviour: speaksTls ? { source: 'tlsSource', sink: 'tlsSink' }[behaviour] : behaviour,
  });
  return { load, port: /** @type {number} */ (port) };
}

/** @type {Protocol} */
const socks = {
  name: 'socks',
  title: 'socks → freedom, 8 streams',
  streams: 8,
  configFor: () => socksConfig,
  openingOf: (subject) => (subject === undefined ? 'none' : 'socks'),
};

/**
 * @param {import('./modes.mjs').Mode} mode
 * @returns {Protocol}
 */
function mtproto(mode) {
  return {
    name: mode.name,
    title: `${mode.title}, 1 connection`,
    streams: 1,
    configFor: (serverPort) => configOf(mode, serverPort),
    openingOf: (subject) => (mode.inTls(subject) ? 'mtproto-tls' : 'mtproto'),
  };
}

const plain = mtproto(PLAIN);
const fakeTls = mtproto(FAKE_TLS);
/** What TDLib puts into a record. */
const TDLIB_RECORD_BYTES = 2878;

export const STREAMS = [
  streamsWork(socks, { direction: 'down', target: { ratio: 1.3 } }),
  streamsWork(socks, { direction: 'up', target: { ratio: 1.3 } }),
  streamsWork(plain, { direction: 'down', target: { ratio: 7 } }),
  streamsWork(plain, { direction: 'up', target: { ratio: 3 } }),
  streamsWork(fakeTls, { direction: 'down', target: { ratio: 4 } }),
  streamsWork(fakeTls, { direction: 'up', target: { ratio: 2.5 }, recordBytes: TDLIB_RECORD_BYTES }),
  streamsWork(fakeTls, { direction: 'up', target: {}, recordBytes: 16_384, suffix: '-16k' }),
];
