import { deepStrictEqual } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { asked, exchange, finish, same } from '../exchange.js';
import { digest } from '../peer.js';
import type { Suite } from '../suite.js';

const MIB = 1024 * 1024;

/** Sizes at which framings change their mind. */
const SIZES = [1, 2, 15, 16, 17, 127, 255, 256, 257, 1023, 1024, 4096, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537];

/** Whether what is sent arrives, whole and in order. */
export function transferCases({ on, abilities }: Suite): void {
  on('10 MiB go both ways at the same time', async (path) => {
    const { client, target } = await asked(path);
    const [up, down] = [randomBytes(10 * MIB), randomBytes(10 * MIB)];
    const [sent, answered] = await Promise.all([
      target.digest(up.length),
      client.digest(down.length),
      client.write(up),
      target.write(down),
    ]);
    deepStrictEqual({ sent, answered }, { sent: digest(up), answered: digest(down) });
    await finish(client, target);
  });

  on('messages of all sizes are answered one by one', async (path) => {
    const { client, target } = await asked(path);
    for (const size of SIZES) {
      const message = randomBytes(size);
      await client.write(message);
      same(await target.read(size), message, `a message of ${size} bytes`);
      await target.write(message);
      same(await client.read(size), message, `an answer of ${size} bytes`);
    }
    await finish(client, target);
  });

  on('a target speaks first', async (path) => {
    const { client, target } = await path.joined();
    const greeting = randomBytes(100);
    await target.write(greeting);
    same(await client.read(greeting.length), greeting, 'a greeting');
    await finish(client, target);
  });

  on('64 connections at once are kept apart', async (path) => {
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        const client = await path.client();
        const message = randomBytes(4096);
        await client.write(message);
        const target = await path.origin.next();
        const heard = await target.read(message.length);
        await target.write(heard);
        same(await client.read(message.length), message, 'what a client hears back');
        client.socket.end();
        target.socket.end();
        await client.end();
      }),
    );
  });

  if (abilities.targets !== false) {
    on('the target is an IPv6 address', exchange, { host: '::1' });
    on('the target is a name', exchange, { name: 'localhost' });
  }
}
