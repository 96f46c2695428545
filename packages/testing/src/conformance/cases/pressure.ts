import { deepStrictEqual } from 'node:assert';
import { createHash, randomBytes } from 'node:crypto';
import { asked, exchange, finish } from '../exchange.js';
import type { Path } from '../path.js';
import { digest, type Peer } from '../peer.js';
import type { Suite } from '../suite.js';
import { failure, nextTurn } from '../within.js';

const CHUNK = 64 * 1024;
const MIB = 1024 * 1024;
/** More than the system's buffers on a path hold: what takes it all keeps it in memory of its own. */
const OFFERED = 192 * MIB;
/** Nothing was taken for so long, in ms: it will not be. */
const QUIET_MS = 400;

/** Receivers that are slow, or quiet. */
export function pressureCases({ on }: Suite): void {
  for (const [name, sender, receiver] of [
    ['a target that does not read holds its client back', 'client', 'target'],
    ['a client that does not read holds its target back', 'target', 'client'],
  ] as const) {
    on(
      name,
      async (path) => {
        const ends = await asked(path);
        const sent = await pour(ends[sender]);
        // Nobody else has to wait for it.
        await exchange(path);
        deepStrictEqual(await ends[receiver].digest(sent.bytes), sent);
        await finish(ends.client, ends.target);
      },
      {},
      60_000,
    );
  }

  on('a target reads a little at a time', async (path) => {
    const { client, target } = await asked(path);
    const all = randomBytes(2 * MIB);
    client.socket.write(all);
    const hash = createHash('sha256');
    for (let left = all.length; left > 0; left -= 4096) {
      hash.update(await target.read(4096));
      await nextTurn();
    }
    deepStrictEqual(hash.digest('hex'), digest(all).sha256);
    await finish(client, target);
  });

  on(
    'a quiet connection ends when its time is up, at both ends',
    async (path: Path) => {
      const { client, target } = await asked(path);
      await client.rest();
      await target.rest();
      client.socket.destroy();
      target.socket.destroy();
    },
    { policy: { connIdle: 300 } },
  );
}

/** Writes until nothing more is taken. @throws AssertionError if there is no end to that */
async function pour({ socket }: Peer): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const chunk = randomBytes(CHUNK);
  const hash = createHash('sha256');
  let bytes = 0;
  while (bytes < OFFERED) {
    hash.update(chunk);
    bytes += CHUNK;
    if (!socket.write(chunk) && !(await isDrained(socket))) return { bytes, sha256: hash.digest('hex') };
  }
  throw failure(`${OFFERED} bytes were taken although nobody read them`);
}

/** That nothing happens is no event: it is waited for. If it is waited for too short, less is tried, nothing more. */
function isDrained(socket: Peer['socket']): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.off('drain', drained);
      resolve(false);
    }, QUIET_MS);
    const drained = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    socket.once('drain', drained);
  });
}
