import { attempts } from '../attempts.js';
import { ANSWER, exchange, finish, QUESTION, same } from '../exchange.js';
import type { Path } from '../path.js';
import { HASTY, type Suite } from '../suite.js';
import type { Direction, Treatment } from '../wire.js';

/** Unless the subject says how many. */
const PLACES = 1500;

/** What a bad network does to the bytes between an outbound and its inbound, at each of them. */
export function wireCases({ on, abilities, hops }: Suite): void {
  for (const [hop] of hops.entries()) {
    const where = hops.length === 1 ? '' : ` of hop ${hop + 1}`;
    for (const [direction, name] of [
      ['up', `what the outbound${where} sends`],
      ['down', `what the inbound${where} sends`],
    ] as const) {
      on(
        `${name} is cut in two at every byte`,
        async (path) => {
          const places = await placesOf(path, hop, direction, abilities.places);
          await every(8, places, async (at) => {
            treat(path, hop, direction, { kind: 'split', at });
            await exchange(path);
          });
        },
        {},
        60_000,
      );

      for (const kind of ['end', 'reset'] as const) {
        const how = kind === 'end' ? 'ends' : 'is reset';
        on(
          `${name} ${how} at every byte`,
          async (path) => {
            const places = await placesOf(path, hop, direction, abilities.places);
            const wire = (i: number): void => treat(path, hop, direction, { kind, at: places[i] ?? 0 });
            await attempts(path, places.length, wire, { atOnce: 8, isUnchanged: true });
            await exchange(path);
          },
          {},
          60_000,
        );
      }

      on(
        `${name} stops, and no end comes`,
        async (path) => {
          const places = sampled(await placesOf(path, hop, direction, abilities.places), 12);
          const wire = (i: number): void => treat(path, hop, direction, { kind: 'stall', at: places[i] ?? 0 });
          await attempts(path, places.length, wire, { atOnce: places.length, isUnchanged: true });
          await exchange(path);
        },
        { policy: HASTY },
      );

      on(
        `${name} has one bit changed, in every byte`,
        async (path) => {
          const places = await placesOf(path, hop, direction, abilities.places);
          const wire = (i: number): void => treat(path, hop, direction, { kind: 'flip', at: places[i] ?? 0 });
          await attempts(path, places.length, wire, { atOnce: 32, isUnchanged: abilities.integrity === true });
          await exchange(path);
        },
        { policy: HASTY },
        60_000,
      );
    }
  }

  on('what comes together belongs to the handshake and to what follows', async (path) => {
    for (const [hop] of hops.entries()) {
      for (const direction of ['up', 'down'] as const) {
        treat(path, hop, direction, { kind: 'join' });
        const { client, target } = await path.joined(QUESTION);
        await target.write(ANSWER);
        same(await client.read(ANSWER.length), ANSWER, 'what the target says first');
        same(await target.read(QUESTION.length), QUESTION, 'what the client says at once');
        await finish(client, target);
      }
    }
  });

  on('everything comes byte by byte', async (path) => {
    for (const [hop] of hops.entries()) {
      for (const direction of ['up', 'down'] as const) {
        treat(path, hop, direction, { kind: 'trickle' });
        await exchange(path);
      }
    }
  });
}

function treat(path: Path, hop: number, direction: Direction, treatment: Treatment): void {
  path.taps[hop]?.treat({ direction, treatment });
}

/** The places in one direction of an exchange, from before the first byte to after the last. */
async function placesOf(path: Path, hop: number, direction: Direction, most = PLACES): Promise<readonly number[]> {
  await exchange(path);
  const record = path.taps[hop]?.records.at(-1)?.[direction] ?? [];
  const length = record.reduce((sum, chunk) => sum + chunk.length, 0);
  return sampled(
    Array.from({ length: length + 1 }, (_, at) => at),
    most,
  );
}

/** All of them, or so many that are spread evenly, the first and the last among them. */
function sampled(all: readonly number[], most: number): readonly number[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))] ?? 0);
}

async function every(atOnce: number, places: readonly number[], run: (at: number) => Promise<void>): Promise<void> {
  const rest = [...places];
  const work = async (): Promise<void> => {
    for (let at = rest.shift(); at !== undefined; at = rest.shift()) await run(at);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
