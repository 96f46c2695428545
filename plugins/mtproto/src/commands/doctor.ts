import { destination, SystemResolver, type CommandContribution, type CommandInvocation } from '@sluice/plugin-api';
import { commandError } from './command-error.js';
import { ClockReadings } from './doctor/clock-readings.js';
import { DirectNetwork } from './doctor/direct-network.js';
import { examine } from './doctor/examine.js';
import { OwnAddresses } from './doctor/own-addresses.js';
import { makeReport, reportLines } from './doctor/report.js';
import { mtprotoInbounds, type ConfiguredInbound } from './mtproto-inbounds.js';
import { configFiles, configOption, text, wholeNumber } from './options.js';

const DEFAULT_SECONDS = 10;

export const doctorCommand: CommandContribution = {
  name: 'doctor',
  summary: 'Find out what may stand in the way of the mtproto inbounds of a configuration, and what to do about it.',
  options: [
    configOption,
    {
      flags: '--server <host>',
      description: 'the name or IP that clients reach this machine by; default: the addresses that it has itself',
    },
    {
      flags: '--time-source <url>',
      description: 'a web server to compare the clock with, beside those that are asked anyway',
    },
    { flags: '--timeout <seconds>', description: `how long each check may take; default: ${DEFAULT_SECONDS}` },
    { flags: '--json', description: 'print what was found as JSON' },
  ],
  async run(invocation) {
    const { options, print } = invocation;
    const seconds = wholeNumber(options, 'timeout', 1, 600) ?? DEFAULT_SECONDS;
    const timeSource = timeSourceOf(options);
    const server = text(options, 'server');
    const config = await invocation.loadConfig(configFiles(options));
    const inbounds = mtprotoInbounds(config);
    const examination = {
      inbounds,
      network: new DirectNetwork(),
      own: new OwnAddresses([...(await serverAddresses(server)), ...natAddresses(inbounds)]),
      readings: new ClockReadings(),
    };
    const report = makeReport(await examine(examination, seconds * 1000, timeSource), config);
    if (options['json'] === true) print(JSON.stringify(report, null, 2));
    else reportLines(report).forEach((line) => print(line));
    return report.ok ? 0 : 1;
  },
};

/** @throws SluiceError E_MTPROTO_COMMAND */
function timeSourceOf(options: CommandInvocation['options']): URL | undefined {
  const source = text(options, 'timeSource');
  if (source === undefined) return undefined;
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw commandError('--time-source takes an https:// address');
}

/** @throws SluiceError E_ADDRESS_INVALID, E_DNS_NOT_FOUND, E_DNS_FAILED */
async function serverAddresses(server: string | undefined): Promise<readonly string[]> {
  if (server === undefined) return [];
  const { type, host } = destination('tcp', server, 0);
  return type === 'domain' ? new SystemResolver().resolve(host) : [host];
}

function natAddresses(inbounds: readonly ConfiguredInbound[]): readonly string[] {
  return inbounds.flatMap(({ settings: { middleProxy } }) => middleProxy?.natAddress ?? []);
}
