import { deepStrictEqual, strictEqual } from 'node:assert';
import { randomBytes } from 'node:crypto';
import type { Suite } from '../suite.js';
import { asked, exchange } from '../exchange.js';
import { digest } from '../peer.js';

const MIB = 1024 * 1024;

/** How connections end, in order or not. */
export function endingCases({ on, abilities }: Suite): void {
  if (abilities.halfClose !== false) {
    on('a client says all and ends; the answer comes after that', async (path) => {
      const client = await path.client();
      const [all, answer] = [randomBytes(MIB), randomBytes(MIB)];
      client.socket.end(all);
      const target = await path.origin.next();
      deepStrictEqual(await target.digest(all.length), digest(all));
      await target.end();
      target.socket.end(answer);
      deepStrictEqual(await client.digest(answer.length), digest(answer));
      await client.end();
    });

    on('a target ends first; the client goes on', async (path) => {
      const { client, target } = await asked(path);
      const rest = randomBytes(MIB);
      target.socket.end();
      await client.end();
      client.socket.end(rest);
      deepStrictEqual(await target.digest(rest.length), digest(rest));
      await target.end();
    });
  }

  on('a target says all and ends: all of it arrives', async (path) => {
    const { client, target } = await asked(path);
    const all = randomBytes(MIB);
    target.socket.end(all);
    deepStrictEqual(await client.digest(all.length), digest(all));
    await client.end();
    client.socket.end();
  });

  on('a client ends without a word', async (path) => {
    const client = await path.client();
    client.socket.end();
    const target = await path.origin.next();
    await target.end();
    target.socket.end();
    await client.end();
  });

  on('a client is cut off in the middle: the target sees it, and others go on', async (path) => {
    const other = await asked(path);
    const { client, target } = await asked(path);
    client.reset();
    await target.rest();
    target.socket.destroy();
    await other.client.write(randomBytes(10));
    await other.target.read(10);
    other.client.socket.destroy();
    await other.target.rest();
    other.target.socket.destroy();
  });

  on('a target is cut off in the middle: the client sees it', async (path) => {
    const { client, target } = await asked(path);
    target.reset();
    await client.rest();
    client.socket.destroy();
  });

  on('a target refuses: the client is told by the end', async (path) => {
    await path.origin.refuse();
    const client = await path.client();
    strictEqual((await client.rest()).length, 0, 'a client whose target refuses hears nothing');
    client.socket.destroy();
  });

  on('there is no server: the client is told by the end', async (path) => {
    await path.taps[0]?.close();
    const client = await path.client();
    strictEqual((await client.rest()).length, 0, 'a client without a server hears nothing');
    client.socket.destroy();
  });

  on('everything is closed while 20 connections are open', async (path) => {
    const open = await Promise.all(Array.from({ length: 20 }, () => asked(path)));
    await path.close();
    for (const { client, target } of open) {
      await client.rest();
      await target.rest();
    }
  });

  on('a handler may be closed twice', async (path) => {
    await exchange(path);
    await path.close();
    await path.close();
  });
}
