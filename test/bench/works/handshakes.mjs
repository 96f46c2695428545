import { mtprotoConfig, SECRET } from '../configs.mjs';
import { Load } from '../load.mjs';
import { rateOf } from '../rate.mjs';
import { SideBySide, stopAll } from './work.mjs';

const CONCURRENCY = 64;
/** How many openings a second are made beforehand: more than any proxy here answers. */
const STOCK_PER_SECOND = 12_000;
/** Above this share of failures the rate says nothing. */
const FAILURES_ALLOWED = 0.001;

/** @type {import('./work.mjs').Work} */
export const handshakes = {
  name: 'mtproto-handshakes',
  title: `mtproto handshakes to a first answer, ${CONCURRENCY} at a time`,
  unit: '1/s',
  better: 'more',
  target: { ratio: 1.5 },
  rounds: { quick: 3, full: 5 },
  async open(bench) {
    const dataCenter = new Load('server');
    const clients = new Load('exchanges');
    const { port: dataCenterPort } = await dataCenter.ask('open', { behaviour: 'answer' });
    const proxies = await SideBySide.start(bench, (port) => mtprotoConfig(port, dataCenterPort));
    const seconds = (bench.time.warmUpMs + bench.time.windowMs) / 1000;

    /**
     * @param {number} port
     * @param {import('../subjects.mjs').RunningSubject} [subject]
     */
    async function measure(port, subject) {
      await clients.ask('prepare', { secret: SECRET, count: Math.ceil(seconds * STOCK_PER_SECOND) });
      await clients.ask('start', { port, concurrency: CONCURRENCY });
      const { perSecond, cores } = await rateOf(() => clients.ask('mark'), bench.time, subject);
      const { failed } = await clients.ask('mark');
      await clients.ask('stop');
      if (failed > FAILURES_ALLOWED * perSecond * seconds) {
        throw new Error(`${failed} handshakes failed beside ${Math.round(perSecond * seconds)}`);
      }
      return { value: perSecond, cores, detail: { failed } };
    }

    return {
      measure(subject) {
        const { running, port } = proxies.of(subject);
        return measure(port, running);
      },
      ceiling: async () => (await measure(dataCenterPort)).value,
      close: () => stopAll([dataCenter, clients, proxies]),
    };
  },
};
