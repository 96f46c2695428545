import { SluiceError, SystemResolver, type Resolver } from '@sluice/plugin-api';
import { nothingOpen } from '../../proxy.fixture.js';
import { mtprotoInbound } from '../command.fixture.js';
import { mtprotoInbounds } from '../mtproto-inbounds.js';
import { ClockReadings } from './clock-readings.js';
import { DirectNetwork } from './direct-network.js';
import type { Examination } from './examination.js';
import type { Check, Finding } from './finding.js';
import { OwnAddresses } from './own-addresses.js';
import { runChecks } from './run-checks.js';

export const key = '00112233445566778899aabbccddeeff';

/** A secret for fake TLS under that name. */
export function secretFor(name: string): string {
  return `ee${key}${Buffer.from(name).toString('hex')}`;
}

/** Answers from a table; what is not in it is not known. */
export class TableResolver implements Resolver {
  constructor(private readonly table: Readonly<Record<string, readonly string[]>>) {}

  async resolve(name: string): Promise<string[]> {
    const found = this.table[name];
    if (found === undefined) throw new SluiceError('E_DNS_NOT_FOUND', `${name} has no address`);
    return [...found];
  }
}

export interface ExaminationOptions {
  readonly where?: Parameters<typeof mtprotoInbound>[1];
  readonly resolver?: Resolver;
  readonly authorities?: string;
  readonly interfaces?: readonly string[];
  readonly clock?: () => number;
}

export function examinationOf(settings: object, options: ExaminationOptions = {}): Examination {
  const { where, resolver = new SystemResolver(), authorities, interfaces = ['127.0.0.1', '::1'], clock } = options;
  const inbounds = mtprotoInbounds({ inbounds: [mtprotoInbound(settings, where)], outbounds: [] });
  return {
    inbounds,
    network: new DirectNetwork(resolver),
    own: new OwnAddresses([], interfaces),
    readings: new ClockReadings(clock),
    authorities,
  };
}

/** Runs the checks and sees that they leave nothing open. */
export async function run(
  checks: readonly Check[],
  { network }: Examination,
  limit = 15_000,
): Promise<readonly Finding[]> {
  const findings = await runChecks(checks, limit);
  while (network.plane.conns > 0) await new Promise((resolve) => setImmediate(resolve));
  const { conns, timers, buffers } = network.plane.state();
  if (conns !== nothingOpen.conns || timers !== nothingOpen.timers || buffers.borrowed !== 0) {
    throw new Error(`something is left open: ${JSON.stringify(network.plane.state())}`);
  }
  return findings;
}
