import { dokodemoConfig } from '../configs.mjs';
import { Iperf } from '../iperf.mjs';
import { SideBySide, stopAll } from './work.mjs';

/**
 * One TCP stream of iperf3 through dokodemo-door and freedom.
 * @param {'down' | 'up'} direction
 * @returns {import('./work.mjs').Work}
 */
function dokodemo(direction) {
  return {
    name: `dokodemo-${direction}`,
    title: `dokodemo-door → freedom, 1 stream, ${direction}`,
    unit: 'GB/s',
    better: 'more',
    target: { ratio: 1.3 },
    rounds: { quick: 3, full: 5 },
    async open(bench) {
      const iperf = await Iperf.start();
      const proxies = await SideBySide.start(bench, (port) => dokodemoConfig(port, iperf.port));
      return {
        async measure(subject) {
          const { running, port } = proxies.of(subject);
          const cpuBefore = running.cpuSeconds();
          const begun = performance.now();
          const perSecond = await iperf.rate(port, direction, bench.time);
          const cores = (running.cpuSeconds() - cpuBefore) / ((performance.now() - begun) / 1000);
          return { value: perSecond / 1e9, cores };
        },
        ceiling: async () => (await iperf.rate(iperf.port, direction, bench.time)) / 1e9,
        close: () => stopAll([iperf, proxies]),
      };
    },
  };
}

export const dokodemoDown = dokodemo('down');
export const dokodemoUp = dokodemo('up');
