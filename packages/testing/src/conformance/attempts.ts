import { Buffer } from 'node:buffer';
import { ANSWER, beginningOf, QUESTION } from './exchange.js';
import type { Path } from './path.js';
import type { Peer } from './peer.js';

export interface AttemptOptions {
  /** How many go on at the same time. */
  readonly atOnce: number;
  /** Whether all that arrives must be the beginning of what was sent. */
  readonly isUnchanged: boolean;
}

/**
 * Lets clients try an exchange each on wires that break: every one must come to an end, at both ends.
 * @param breakWire called before each, with its number
 */
export async function attempts(
  path: Path,
  count: number,
  breakWire: (i: number) => void,
  { atOnce, isUnchanged }: AttemptOptions,
): Promise<void> {
  const targets: Promise<Buffer>[] = [];
  path.origin.servedBy((peer) => void targets.push(answer(peer)));
  const clients: Buffer[] = [];
  let started = 0;
  const work = async (): Promise<void> => {
    while (started < count) {
      breakWire(started);
      started += 1;
      clients.push(await ask(await path.client()));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  // A client may be gone before its connection has reached the target.
  await path.settled();
  const heard = await Promise.all(targets);
  path.origin.servedBy(undefined);
  if (!isUnchanged) return;
  for (const bytes of clients) beginningOf(bytes, ANSWER, 'what a client hears');
  for (const bytes of heard) beginningOf(bytes, QUESTION, 'what the target hears');
}

/** What a client hears that asks, and ends when it was answered or sees the end. */
async function ask(client: Peer): Promise<Buffer> {
  client.socket.write(QUESTION);
  const heard = await client.upTo(ANSWER.length);
  client.socket.end();
  const rest = await client.rest();
  client.socket.destroy();
  return Buffer.concat([heard, rest]);
}

/** What the target hears, which answers a whole question and ends after the client. */
async function answer(peer: Peer): Promise<Buffer> {
  const heard = await peer.upTo(QUESTION.length);
  if (heard.length === QUESTION.length) peer.socket.write(ANSWER);
  const rest = await peer.rest();
  peer.socket.end();
  return Buffer.concat([heard, rest]);
}
