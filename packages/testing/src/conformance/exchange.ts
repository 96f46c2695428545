import { deepStrictEqual } from 'node:assert';
import { Buffer } from 'node:buffer';
import type { Path } from './path.js';
import type { Peer } from './peer.js';
import { failure } from './within.js';

/** What the client says in a short exchange, and what the target answers. */
export const QUESTION = Buffer.from(Array.from({ length: 32 }, (_, i) => 0x40 + i));
export const ANSWER = Buffer.from(Array.from({ length: 32 }, (_, i) => 0xff - i));

/** A question, its answer, and an orderly end. Several may go on at once. */
export async function exchange(path: Path): Promise<void> {
  const { client, target } = await asked(path);
  await finish(client, target);
}

/** A question and its answer on a new connection, which stays open. */
export async function asked(path: Path): Promise<{ readonly client: Peer; readonly target: Peer }> {
  const client = await path.client();
  await client.write(QUESTION);
  const target = await path.origin.next();
  same(await target.read(QUESTION.length), QUESTION, 'what the client has sent');
  await target.write(ANSWER);
  same(await client.read(ANSWER.length), ANSWER, 'what the target has answered');
  return { client, target };
}

/** The client ends, then the target; nothing more is said. */
export async function finish(client: Peer, target: Peer): Promise<void> {
  client.socket.end();
  await target.end();
  target.socket.end();
  await client.end();
}

/** @throws AssertionError with the place of the first difference */
export function same(found: Buffer, expected: Buffer, what: string): void {
  if (found.equals(expected)) return;
  const at = found.findIndex((byte, i) => byte !== expected[i]);
  throw failure(`${what} arrived changed: byte ${at} of ${expected.length} is another one`);
}

/** @throws AssertionError if there is anything but the beginning of what was sent */
export function beginningOf(found: Buffer, sent: Buffer, what: string): void {
  const expected = sent.subarray(0, found.length);
  deepStrictEqual(found.toString('hex'), expected.toString('hex'), `${what} is not the beginning of what was sent`);
}
