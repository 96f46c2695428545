import { endingCases } from './cases/endings.js';
import { packetCases } from './cases/packets.js';
import { pressureCases } from './cases/pressure.js';
import { strangerCases } from './cases/strangers.js';
import { transferCases } from './cases/transfer.js';
import { wireCases } from './cases/wires.js';
import type { Abilities, ConformanceCase, Hop } from './subject.js';
import { Suite } from './suite.js';

/**
 * What every protocol must stand: payload of all kinds, endings of all kinds, wires that break at
 * every byte, strangers, receivers that do not read; and nothing may be left over after any of it.
 * All on loopback.
 *
 * @param hops the outbound and inbound of a protocol. Where an outbound does not lead to the inbound of
 * its own plugin, several pairs one after the other: a client of the test's own with the plugin's
 * inbound, then the plugin's outbound with a server of the test's own.
 * @returns what is to be run, each by itself, by whatever test runner there is
 */
export function conformance(hops: Hop | readonly Hop[], abilities: Abilities = {}): readonly ConformanceCase[] {
  const suite = new Suite('inbound' in hops ? [hops] : hops, abilities);
  transferCases(suite);
  endingCases(suite);
  wireCases(suite);
  strangerCases(suite);
  pressureCases(suite);
  if (abilities.udp === true) packetCases(suite);
  return suite.cases;
}
