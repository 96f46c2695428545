import { Load } from '../load.mjs';
import { rateOf } from '../rate.mjs';
import { clientOf, configOf, FAKE_TLS, PLAIN } from './modes.mjs';
import { SideBySide, stopAll } from './work.mjs';

const CONCURRENCY = 64;
/** How many openings a second are made beforehand: more than any proxy here answers. */
const STOCK_PER_SECOND = 12_000;
/** Above this share of failures the rate says nothing. */
const FAILURES_ALLOWED = 0.001;

/**
 * @param {import('./modes.mjs').Mode} mode
 * @param {number} ratio
 * @returns {import('./work.mjs').Work}
 */
function handshakesWork(mode, ratio) {
  return {
    name: `${mode.name}-handshakes`,
    title: `${mode.title}, handshakes to a first answer, ${CONCURRENCY} at a time`,
    unit: '1/s',
    better: 'more',
    target: { ratio },
    rounds: { quick: 3, full: 5 },
    async open(bench) {
      const dataCenter = new Load('server');
      const clients = new Load('exchanges');
      const { port: dataCenterPort } = await dataCenter.ask('open', { behaviour: 'answer' });
      const proxies = await SideBySide.start(bench, configOf(mode, dataCenterPort));
      return {
        measure(subject) {
          const { running, port } = proxies.of(subject);
          return handshakeRate(clients, clientOf(mode, subject), port, bench, running);
        },
        async ceiling() {
          const direct = new Load('server');
          try {
            const { port } = await direct.ask('open', { behaviour: mode.inTls(undefined) ? 'tlsAnswer' : 'answer' });
            return (await handshakeRate(clients, clientOf(mode), port, bench)).value;
          } finally {
            await direct.stop();
          }
        },
        close: () => stopAll([dataCenter, clients, proxies]),
      };
    },
  };
}

/**
 * @param {Load} clients
 * @param {object} options what they are to come with
 * @param {number} port
 * @param {import('./work.mjs').Bench} bench
 * @param {import('../subjects.mjs').RunningSubject} [running]
 * @param {number} [stockPerSecond]
 */
export async function handshakeRate(clients, options, port, { time }, running, stockPerSecond = STOCK_PER_SECOND) {
  const seconds = (time.warmUpMs + time.windowMs) / 1000;
  await clients.ask('prepare', { ...options, count: Math.ceil(seconds * stockPerSecond) });
  await clients.ask('start', { port, concurrency: CONCURRENCY });
  const { perSecond, cores } = await rateOf(() => clients.ask('mark'), time, running);
  const { failed } = await clients.ask('mark');
  await clients.ask('stop');
  if (failed > FAILURES_ALLOWED * perSecond * seconds) {
    throw new Error(`${failed} handshakes failed beside ${Math.round(perSecond * seconds)}`);
  }
  return { value: perSecond, cores, detail: { failed } };
}

export const handshakes = handshakesWork(PLAIN, 1.5);
export const handshakesInTls = handshakesWork(FAKE_TLS, 1);
