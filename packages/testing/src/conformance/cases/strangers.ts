import { Buffer } from 'node:buffer';
import { attempts } from '../attempts.js';
import { exchange } from '../exchange.js';
import type { Path } from '../path.js';
import { junk } from '../junk.js';
import { Peer } from '../peer.js';
import { HASTY, type Suite } from '../suite.js';

/** Whoever does not speak the protocol, on either side of it. */
export function strangerCases({ on, abilities, hops }: Suite): void {
  for (const [hop] of hops.entries()) {
    const where = hops.length === 1 ? '' : ` of hop ${hop + 1}`;

    for (const [how, isEnded] of [
      ['ends', true],
      ['waits', false],
    ] as const) {
      on(
        `a stranger tells the inbound${where} junk and ${how}`,
        async (path) => {
          path.origin.servedBy((peer) => void farewell(peer));
          await Promise.all(junk().map((bytes) => intrude(path, hop, bytes, isEnded)));
          await path.settled();
          path.origin.servedBy(undefined);
          await exchange(path);
        },
        { policy: HASTY },
      );
    }

    on(
      `a stranger answers the outbound${where} with junk`,
      async (path) => {
        const answers = junk();
        const wire = (i: number): void =>
          path.taps[hop]?.treat({
            direction: 'down',
            treatment: { kind: 'junk', answer: answers[i] ?? Buffer.alloc(0) },
          });
        await attempts(path, answers.length, wire, {
          atOnce: answers.length,
          isUnchanged: abilities.integrity === true,
        });
        await exchange(path);
      },
      { policy: HASTY },
    );
  }
}

async function intrude(path: Path, hop: number, bytes: Buffer, isEnded: boolean): Promise<void> {
  const stranger = await Peer.connect({ address: '127.0.0.1', port: path.inbounds[hop]?.port ?? 0 });
  if (isEnded) stranger.socket.end(bytes);
  else stranger.socket.write(bytes);
  await stranger.rest();
  stranger.socket.destroy();
}

/** Hears all and says nothing. */
async function farewell(peer: Peer): Promise<void> {
  await peer.rest();
  peer.socket.end();
}
