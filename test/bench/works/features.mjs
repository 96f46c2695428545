import { ACCOUNT, dokodemoConfig, SECRET, socksAccountConfig, withFeatures, withSniffing } from '../configs.mjs';
import { Load } from '../load.mjs';
import { SUBJECTS } from '../subjects.mjs';
import { handshakeRate } from './handshakes.mjs';
import { streamsWork } from './streams.mjs';
import { SideBySide, stopAll } from './work.mjs';

/** @typedef {import('../subjects.mjs').Subject} Subject */

const SLUICE = /** @type {Subject} */ (SUBJECTS['sluice']);
/** Sluice with something turned on, and beside it Sluice without. */
const BOTH = [SLUICE, { ...SLUICE, name: 'bare' }];
/** More than elsewhere, as what is looked for is small. */
const ROUNDS = { quick: 7, full: 13 };

/**
 * @param {Subject} subject
 * @param {(config: {inbounds: object[]}) => object} turnOn
 * @param {{inbounds: object[]}} config
 */
const configOf = (subject, turnOn, config) => (subject === SLUICE ? turnOn(config) : config);

const relay = streamsWork(
  {
    name: 'features',
    title: 'stats, policy and 1,000 rules beside none: socks → freedom of one user, 8 streams',
    streams: 8,
    configFor: () => (port, subject) => configOf(subject, withFeatures, socksAccountConfig(port)),
    openingOf: (subject) => (subject === undefined ? 'none' : 'socks'),
    account: ACCOUNT,
    subjects: BOTH,
    rounds: ROUNDS,
  },
  { direction: 'down', target: { ratio: 0.95 } },
);

/**
 * Connections to a first answer through dokodemo-door, whose handshake costs nothing: what is turned on weighs most.
 * @param {Pick<import('./work.mjs').Work, 'name' | 'title' | 'target'>} what
 * @param {(config: {inbounds: object[]}) => object} turnOn
 * @returns {import('./work.mjs').Work}
 */
function connections(what, turnOn) {
  return {
    ...what,
    unit: '1/s',
    better: 'more',
    subjects: BOTH,
    rounds: ROUNDS,
    async open(bench) {
      const server = new Load('server');
      const clients = new Load('exchanges');
      const { port: serverPort } = await server.ask('open', { behaviour: 'answer' });
      const proxies = await SideBySide.start(bench, (port, subject) =>
        configOf(subject, turnOn, dokodemoConfig(port, serverPort)),
      );
      return {
        measure(subject) {
          const { running, port } = proxies.of(subject);
          // Nobody reads what they say.
          return handshakeRate(clients, { secrets: [SECRET] }, port, bench, running);
        },
        close: () => stopAll([server, clients, proxies]),
      };
    },
  };
}

export const FEATURES = [
  relay,
  connections(
    {
      name: 'features-connections',
      title: 'stats, policy and 1,000 rules beside none: connections through dokodemo-door to a first answer',
      target: { ratio: 0.85 },
    },
    withFeatures,
  ),
  connections(
    {
      name: 'sniffing-connections',
      title: 'sniffing of http and tls beside none: the same connections',
      target: {},
    },
    withSniffing,
  ),
];
