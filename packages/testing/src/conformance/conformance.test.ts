import { beforeAll, describe, expect, it } from 'vitest';
import { conformance } from './conformance.js';
import { reference, type Fault } from './reference.fixture.js';

const abilities = { integrity: true, udp: true };

describe('a protocol that is right', () => {
  for (const { name, run, timeoutMs } of conformance(reference(), abilities)) it(name, run, timeoutMs);
});

describe('through two hops', () => {
  for (const { name, run, timeoutMs } of conformance([reference(), reference()], { integrity: true }))
    it(name, run, timeoutMs);
});

/** A fault, the case that finds it, and what it says. */
const FAULTS: readonly (readonly [Fault, string, RegExp])[] = [
  ['takes one read for a whole request', 'what the outbound sends is cut in two at every byte', /./],
  ['forgets what came with the answer', 'what comes together belongs to the handshake and to what follows', /waited/],
  ['loses a byte of a long stream', '10 MiB go both ways at the same time', /waited/],
  ['changes a byte of a long stream', '10 MiB go both ways at the same time', /deep/],
  ['waits for the client to speak', 'a target speaks first', /a connection at the target/],
  ['keeps everything until the end', 'messages of all sizes are answered one by one', /waited/],
  ['ends both directions at the first end', 'a client says all and ends; the answer comes after that', /./],
  ['takes all that comes, read or not', 'a target that does not read holds its client back', /nobody read them/],
  ['leaves a timer behind', 'a target speaks first', /1 timers of the inbound/],
  [
    'keeps a connection that was refused',
    'a target refuses: the client is told by the end',
    /1 connections of the out/,
  ],
  ['fails by a fault of its own at junk', 'a stranger tells the inbound junk and ends', /nobody has thought of this/],
  ['believes what was changed', 'what the outbound sends has one bit changed, in every byte', /not the beginning/],
  ['believes what was changed', 'what the inbound sends has one bit changed, in every byte', /not the beginning/],
  ['mixes connections', '64 connections at once are kept apart', /./],
  ['does not close', 'a handler may be closed twice', /after everything was closed, of 1 timers/],
  ['names another source of packets', 'one path leads to several targets, and says who has answered', /deep/],
  ['loses long packets', 'packets of all sizes are answered', /waited .* for a packet/],
  ['tells the end of packets twice', 'a path for packets is closed unused, and closes once', /2/],
  ['fails by a fault of its own at junk packets', 'junk on the port is dropped, and packets go on', /fault of its own/],
];

describe('a protocol that is wrong', () => {
  const reasons: Promise<string | undefined>[] = [];

  // All at once: what hangs is found by waiting for it.
  beforeAll(() => {
    reasons.push(...FAULTS.map(([fault, name]) => reasonOf(fault, name)));
  });

  it.each(FAULTS)('because it %s is found: %s', { timeout: 60_000 }, async (...row) => {
    const [, , reason] = row;
    expect(await reasons[FAULTS.findIndex((each) => each.every((part, i) => part === row[i]))]).toMatch(reason);
  });
});

async function reasonOf(fault: Fault, name: string): Promise<string | undefined> {
  const found = conformance(reference(fault), abilities).find((each) => each.name === name);
  return found?.run().then(
    () => '',
    (error: unknown) => String(error),
  );
}
