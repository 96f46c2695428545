import { randomBytes } from 'node:crypto';
import { mtprotoConfig, SERVER_NAME, tlsSecret } from '../configs.mjs';
import { Load } from '../load.mjs';
import { handshakeRate } from './handshakes.mjs';
import { SideBySide, stopAll } from './work.mjs';

const USERS = 10_000;
const STOCK_PER_SECOND = 5000;

/**
 * Handshakes of one inbound's many users. V2Ray takes only the first, so it has no part in it.
 * @param {object} how
 * @param {boolean} how.inTls
 * @param {boolean} how.seen one user comes from one address, again and again; otherwise each
 *   comes from an address that nobody has come from
 * @returns {import('./work.mjs').Work}
 */
function usersWork({ inTls, seen }) {
  return {
    name: `${USERS}-users-${inTls ? 'tls' : 'plain'}-${seen ? 'seen' : 'new'}`,
    title: `mtproto${inTls ? ' in fake TLS' : ''}, handshakes among ${USERS} users, address ${seen ? 'seen before' : 'never seen'}`,
    unit: '1/s',
    better: 'more',
    target: {},
    only: 'sluice',
    rounds: { quick: 1, full: 3 },
    async open(bench) {
      const secrets = Array.from({ length: USERS }, () => randomBytes(16).toString('hex'));
      const configured = inTls ? secrets.map(tlsSecret) : secrets;
      const dataCenter = new Load('server');
      const clients = new Load('exchanges');
      const { port: dataCenterPort } = await dataCenter.ask('open', { behaviour: 'answer' });
      const proxies = await SideBySide.start(
        { ...bench, subjects: bench.subjects.filter(({ name }) => name === 'sluice') },
        (port) => mtprotoConfig(port, dataCenterPort, configured),
      );
      const client = {
        secrets: seen ? secrets.slice(-1) : secrets,
        fromAnywhere: !seen,
        ...(inTls ? { serverName: SERVER_NAME } : undefined),
      };
      return {
        async measure(subject) {
          const { running, port } = proxies.of(subject);
          if (seen) {
            // Otherwise all that come at once are searched for, and the first is found when all are.
            await clients.ask('prepare', { ...client, count: 1 });
            await clients.ask('churn', { port, count: 1, concurrency: 1 });
          }
          return handshakeRate(clients, client, port, bench, running, STOCK_PER_SECOND);
        },
        close: () => stopAll([dataCenter, clients, proxies]),
      };
    },
  };
}

export const MANY_USERS = [
  usersWork({ inTls: false, seen: true }),
  usersWork({ inTls: false, seen: false }),
  usersWork({ inTls: true, seen: true }),
  usersWork({ inTls: true, seen: false }),
];
