import { toSluiceError, type ProblemReporter } from '@sluice/plugin-api';
import { isLoopback, parseListenAddress } from './listen-address.js';
import { serviceNames, type ApiSettings, type ServiceName } from './schema.js';

/** The services as named, once each. */
export function servicesOf(settings: ApiSettings): ServiceName[] {
  const wanted = new Set((settings.services ?? []).map((name) => name.toLowerCase()));
  return serviceNames.filter((name) => wanted.has(name.toLowerCase()));
}

export function checkApi(settings: ApiSettings, problems: ProblemReporter): void {
  const known = new Set(serviceNames.map((name) => name.toLowerCase()));
  settings.services?.forEach((name, index) => {
    if (known.has(name.toLowerCase())) return;
    problems.warning(['services', index], `there is no such service; known are ${serviceNames.join(', ')}`);
  });
  if ((settings.tag ?? '') === '' && settings.listen === undefined) {
    problems.error([], 'the API is not reachable: set "tag" and lead connections to it by a rule, or set "listen"');
  }
  if (settings.listen === undefined) return;
  try {
    if (isLoopback(parseListenAddress(settings.listen)) || settings.allowRemote === true) return;
    problems.error(
      ['listen'],
      'other machines reach this address, and the API asks for no password: listen on a loopback address, or set "allowRemote" to true behind a firewall',
    );
  } catch (error) {
    problems.error(['listen'], toSluiceError(error).message);
  }
}
