import { destination, toSluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { networkWords } from './networks.js';
import type { DokodemoSettings } from './schema.js';

/** The target of doors to the API, as everybody writes them: where it is and its port do not matter. */
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/i;

/** What the schema cannot say. */
export function checkSettings(settings: DokodemoSettings, problems: ProblemReporter): void {
  const { address = '', port = 0, network, timeout = 0, userLevel = 0, followRedirect = false } = settings;
  if (followRedirect) {
    problems.error(['followRedirect'], 'transparent proxying is not available yet: set address and port instead');
  } else checkTarget(address, Number(port), problems);
  checkNetwork(network, problems);
  if (timeout > 0 && userLevel > 0) {
    problems.warning(['timeout'], 'has no effect beside userLevel: set connIdle of that policy level');
  }
}

function checkTarget(address: string, port: number, problems: ProblemReporter): void {
  if (port > 65535) {
    problems.error(['port'], `port ${port} is not between 0 and 65535`);
  } else if (port === 0 && !LOOPBACK.test(address)) {
    problems.warning(['port'], 'without a port, only an outbound that sets one of its own can connect');
  }
  if (address === '') {
    problems.warning(['address'], 'without an address, every connection is refused');
    return;
  }
  try {
    if (destination('tcp', address, 0).type === 'unix')
      problems.error(['address'], 'must be an IP address or a domain, not a path');
  } catch (error) {
    problems.error(['address'], toSluiceError(error).message);
  }
}

function checkNetwork(network: DokodemoSettings['network'], problems: ProblemReporter): void {
  networkWords(network).forEach((word, index) => {
    if (word === 'tcp' || word === 'udp') return;
    const path = typeof network === 'string' ? ['network'] : ['network', index];
    problems.error(path, `"${word.slice(0, 32)}" is not a network: write "tcp", "udp" or "tcp,udp"`);
  });
  if (Array.isArray(network) && network.length === 0) {
    problems.error(['network'], 'must name at least one network: "tcp", "udp" or "tcp,udp"');
  }
}
