import { formatHostPort, toSluiceError } from '@sluice/plugin-api';
import { FrontedHosts } from '../../../fronting/fronted-hosts.js';
import type { Examination } from '../examination.js';
import { failureOf, type Check, type Finding } from '../finding.js';
import { tlsNames } from '../tls-names.js';

/** Whether the names that clients ask for lead here, and those of fronted hosts lead anywhere. */
export function nameChecks(examination: Examination): readonly Check[] {
  const names = new Set(examination.inbounds.flatMap((inbound) => tlsNames(inbound).map(({ name }) => name)));
  return [
    ...[...names].map((name): Check => {
      return { subject: 'names', about: name, run: (signal) => lookAtName(name, examination, signal) };
    }),
    ...frontedDomains(examination)
      .filter((name) => !names.has(name))
      .map((name): Check => {
        return { subject: 'names', about: name, run: (signal) => lookAtHost(name, examination, signal) };
      }),
  ];
}

async function lookAtName(name: string, { network, own }: Examination, signal: AbortSignal): Promise<Finding[]> {
  const finding = { subject: 'names', about: name } as const;
  let addresses: readonly string[];
  try {
    addresses = await network.resolve(name, signal);
  } catch (error) {
    const seen = failureOf(toSluiceError(error));
    const advice =
      'whoever looks up the name that clients ask for sees that there is no such site: use one that exists';
    return [{ ...finding, status: 'warning', seen, advice }];
  }
  const seen = `leads to ${listOf(addresses)}`;
  if (addresses.some((address) => own.has(address)))
    return [{ ...finding, status: 'ok', seen: `${seen}: this machine` }];
  if (!own.hasPublic) {
    const unknown = 'whether that is this machine cannot be told from its private addresses';
    return [{ ...finding, status: 'ok', seen: `${seen}; ${unknown} (say by --server what clients connect to)` }];
  }
  return [
    {
      ...finding,
      status: 'warning',
      seen: `${seen}, not to this machine`,
      advice:
        'whoever looks the name up sees that this is not the site\'s address: best is a name of your own that leads here, with your own site behind "fronting"',
    },
  ];
}

async function lookAtHost(name: string, { network }: Examination, signal: AbortSignal): Promise<Finding[]> {
  const finding = { subject: 'names', about: name } as const;
  try {
    return [{ ...finding, status: 'ok', seen: `leads to ${listOf(await network.resolve(name, signal))}` }];
  } catch (error) {
    const seen = failureOf(toSluiceError(error));
    const advice = 'it is the name of a fronted host: correct it under "fronting"';
    return [{ ...finding, status: 'problem', seen, advice }];
  }
}

function frontedDomains({ inbounds }: Examination): readonly string[] {
  const hosts = inbounds.flatMap(({ settings: { fronting = {} } }) => {
    const known = new FrontedHosts(fronting);
    return [undefined, ...Object.keys(fronting.byServerName ?? {})].map((name) => known.of(name));
  });
  return [...new Set(hosts.filter((host) => host?.type === 'domain').map((host) => host!.host))];
}

function listOf(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 4).map((address) => formatHostPort(address, 0).replace(/:0$/, ''));
  return addresses.length > shown.length
    ? `${shown.join(', ')} and ${addresses.length - shown.length} more`
    : shown.join(', ');
}
