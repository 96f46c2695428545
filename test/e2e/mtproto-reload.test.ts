import { connectMtproto, startFakeDc, type FakeDc, type MtprotoClient } from '@sluice/testing';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Started } from '../interop/program.fixture.js';
import { freePort } from '../peers/process.js';
import { sluice, startSluice } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';

const started = new Started();
afterEach(() => started.close());

interface User {
  readonly email: string;
  readonly secret: string;
}

interface Sample {
  readonly inbounds: readonly { readonly settings: { readonly users: readonly User[] } }[];
}

const bob: User = { email: 'bob@example.org', secret: '0123456789abcdef0123456789abcdef' };
const eve: User = { email: 'eve@example.org', secret: 'fedcba9876543210fedcba9876543210' };

/** The sample configuration as people run it, with data centres of ours. */
async function start(): Promise<{
  readonly dc: FakeDc;
  readonly user: User;
  connect(user: User): Promise<MtprotoClient>;
  /** Has these users in the file, and reloads. @returns what `sluice reload` says */
  reload(users: readonly User[]): Promise<string>;
}> {
  const dc = started.add(await startFakeDc());
  const { path, remove } = await temporaryFolder('mtproto-reload');
  started.add({ close: remove });
  const control = join(path, 'control.sock');
  const sample = JSON.parse(await readFile(new URL('../../configs/mtproto.json', import.meta.url), 'utf8')) as Sample;
  const [user] = sample.inbounds[0]?.settings.users ?? [];
  if (user === undefined) throw new Error('the sample has no user');
  const port = await freePort();
  const config = (users: readonly User[]): object => ({
    ...sample,
    inbounds: sample.inbounds.map((inbound) => ({
      ...inbound,
      port,
      settings: { ...inbound.settings, users, dataCenters: { 2: [dc.address] } },
    })),
  });
  const core = started.add(await startSluice(config([user]), [port], { args: ['--control', control] }));
  return {
    dc,
    user,
    async connect({ secret }) {
      return started.add(await connectMtproto({ host: '127.0.0.1', port, secret }));
    },
    async reload(users) {
      await writeFile(`${core.configFile}.new`, JSON.stringify(config(users)));
      await rename(`${core.configFile}.new`, core.configFile);
      const { code, stdout, stderr } = await sluice(['reload', '--control', control]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    },
  };
}

async function answers(client: MtprotoClient, dc: FakeDc): Promise<void> {
  expect((await client.requestPq()).fingerprints).toEqual([dc.fingerprint]);
}

/** The other side has ended it or cut it off. */
function closed({ socket }: MtprotoClient): Promise<void> {
  socket.on('end', () => socket.end()).on('error', () => undefined);
  // Not events.once: that rejects when an error comes first.
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** It is not let through: nothing comes back, and no data centre hears of it. */
async function isTurnedAway(client: MtprotoClient, dc: FakeDc): Promise<void> {
  const before = dc.accepted;
  client.send(Buffer.alloc(64));
  client.end();
  expect(await client.readToEnd().catch(() => Buffer.alloc(0))).toHaveLength(0);
  expect(dc.accepted).toBe(before);
}

it('lets users come and go in the sample configuration, and touches nobody else', async () => {
  const { dc, user, connect, reload } = await start();
  const client = await connect(user);
  await answers(client, dc);
  await isTurnedAway(await connect(bob), dc);

  expect(await reload([user, bob, eve])).toBe('Reloaded: replaced inbound tg-in; 1 kept.\n');
  await answers(client, dc);
  const [bobs, another, eves] = [await connect(bob), await connect(bob), await connect(eve)];
  for (const each of [bobs, another, eves]) await answers(each, dc);

  const gone = [bobs, another].map(closed);
  expect(await reload([user, eve])).toBe(
    'Reloaded: replaced inbound tg-in; 1 kept; 2 connections of users who are gone ended.\n',
  );
  await Promise.all(gone);
  await isTurnedAway(await connect(bob), dc);
  await answers(client, dc);
  await answers(eves, dc);
  await answers(await connect(user), dc);

  // Another secret is another user: who came by the old one is gone.
  const renewed = { ...eve, secret: bob.secret };
  const ended = closed(eves);
  expect(await reload([user, renewed])).toContain('1 connection of users who are gone ended');
  await ended;
  await isTurnedAway(await connect(eve), dc);
  await answers(await connect(renewed), dc);
  await answers(client, dc);
}, 60_000);
