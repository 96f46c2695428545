import { mtprotoConfig, SECRET, socksConfig } from '../configs.mjs';
import { Load } from '../load.mjs';
import { rateOf } from '../rate.mjs';
import { SideBySide, stopAll } from './work.mjs';

/**
 * Long streams of our own generators, whose bytes are counted where they arrive.
 * @param {object} what
 * @param {'socks' | 'mtproto'} what.protocol
 * @param {'down' | 'up'} what.direction
 * @param {number} what.streams
 * @param {string} what.title
 * @param {number} what.ratio
 * @returns {import('./work.mjs').Work}
 */
function streamsWork({ protocol, direction, streams, title, ratio }) {
  return {
    name: `${protocol}-${direction}`,
    title: `${title}, ${direction}`,
    unit: 'GB/s',
    better: 'more',
    target: { ratio },
    rounds: { quick: 3, full: 5 },
    async open(bench) {
      const server = new Load('server');
      const client = new Load('streams');
      const { port: serverPort } = await server.ask('open', { behaviour: direction === 'down' ? 'source' : 'sink' });
      const receiver = direction === 'down' ? client : server;
      const proxies = await SideBySide.start(bench, (port) =>
        protocol === 'socks' ? socksConfig(port) : mtprotoConfig(port, serverPort),
      );

      /**
       * @param {{port: number, opening: string}} path
       * @param {import('../subjects.mjs').RunningSubject} [subject]
       */
      async function measure(path, subject) {
        await client.ask('open', { ...path, direction, streams, serverPort, secret: SECRET });
        const { perSecond, cores } = await rateOf(() => receiver.ask('mark'), bench.time, subject);
        const left = await client.ask('streams');
        await client.ask('close');
        if (left !== streams) throw new Error(`${streams - left} of ${streams} streams broke off`);
        if (perSecond === 0) throw new Error('nothing arrived');
        return { value: perSecond / 1e9, cores };
      }

      return {
        measure(subject) {
          const { running, port } = proxies.of(subject);
          return measure({ port, opening: protocol }, running);
        },
        async ceiling() {
          const opening = protocol === 'socks' ? 'none' : protocol;
          return (await measure({ port: serverPort, opening })).value;
        },
        close: () => stopAll([server, client, proxies]),
      };
    },
  };
}

const socks = /** @type {const} */ ({ protocol: 'socks', streams: 8, title: 'socks → freedom, 8 streams', ratio: 1.3 });
const mtproto = /** @type {const} */ ({ protocol: 'mtproto', streams: 1, title: 'mtproto in → out, 1 connection' });

export const socksDown = streamsWork({ ...socks, direction: 'down' });
export const socksUp = streamsWork({ ...socks, direction: 'up' });
export const mtprotoDown = streamsWork({ ...mtproto, direction: 'down', ratio: 7 });
export const mtprotoUp = streamsWork({ ...mtproto, direction: 'up', ratio: 3 });
