import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from 'vitest';
import { type SluiceError, type InboundUsers } from '@sluice/plugin-api';
import { hostInbound, type InboundHost } from '@sluice/testing';
import { formatCredentials } from './codec.js';
import { socksInbound } from './index.js';
import { hex, Wire } from './wire.fixture.js';

const ann = { user: 'ann', pass: 'secret-of-ann' };
const bob = { user: 'bob', pass: 'secret-of-bob' };

const hosts: InboundHost[] = [];

async function start(accounts: readonly object[], previous?: InboundHost): Promise<InboundHost> {
  const host = await hostInbound(
    socksInbound,
    { auth: 'password', accounts },
    previous === undefined ? {} : { previous },
  );
  hosts.push(host);
  return host;
}

afterEach(async () => {
  for (const host of hosts.splice(0).reverse()) await host.close();
});

async function isLetIn(host: InboundHost, { user, pass }: { user: string; pass: string }): Promise<boolean> {
  const wire = await Wire.to(host.port);
  wire.write(Buffer.concat([hex('05 01 02'), formatCredentials({ user: Buffer.from(user), pass: Buffer.from(pass) })]));
  const [, , , status] = await wire.read(4);
  wire.close();
  await host.nextEnd();
  return status === 0;
}

function users(host: InboundHost): InboundUsers {
  return host.inbound.users!;
}

function refusal(add: () => void): SluiceError {
  try {
    add();
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error('was taken');
}

describe('the users of a running inbound', () => {
  it('come and go', async () => {
    const host = await start([ann]);
    expect(users(host).emails()).toEqual(['ann']);
    expect(await isLetIn(host, bob)).toBe(false);
    users(host).add(bob);
    expect(users(host).emails()).toEqual(['ann', 'bob']);
    expect(await isLetIn(host, bob)).toBe(true);
    expect(users(host).remove('bob')).toBe(true);
    expect(users(host).remove('bob')).toBe(false);
    expect(await isLetIn(host, bob)).toBe(false);
    expect(await isLetIn(host, ann)).toBe(true);
    users(host).add({ ...bob, pass: 'another' });
    expect(await isLetIn(host, bob)).toBe(false);
    expect(await isLetIn(host, { ...bob, pass: 'another' })).toBe(true);
  });

  it('are not let in for nothing when the last one is gone', async () => {
    const host = await start([ann]);
    users(host).remove('ann');
    const wire = await Wire.to(host.port);
    wire.write('05 01 00');
    expect(await wire.readToEnd()).toEqual(hex('05 ff'));
    wire.close();
  });

  it.each([
    [{ ...ann, pass: 'other' }, 'E_EXISTS'],
    [{ user: 'eve' }, 'E_CONFIG_INVALID'],
    [{ user: 'eve', pass: 5 }, 'E_CONFIG_INVALID'],
    [{ user: 'eve', pass: 'hunter2'.repeat(40) }, 'E_CONFIG_INVALID'],
    // Within the schema's characters, but not within the protocol's bytes.
    [{ user: 'eve', pass: 'hunter2é'.repeat(30) }, 'E_CONFIG_INVALID'],
    ['eve:hunter2', 'E_CONFIG_INVALID'],
  ])('are refused as in a configuration: %j', async (entry, code) => {
    const host = await start([ann]);
    const error = refusal(() => users(host).add(entry));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/hunter2|other|secret/);
    expect(users(host).emails()).toEqual(['ann']);
    expect(await isLetIn(host, ann)).toBe(true);
  });

  it('cannot be named where nobody is asked for a password', async () => {
    const host = await hostInbound(socksInbound, { accounts: [ann] });
    hosts.push(host);
    expect(host.inbound.users).toBeUndefined();
  });
});

describe('a successor', () => {
  it('names those who are gone or have another password', async () => {
    const before = await start([ann, bob, { user: 'eve', pass: 'x' }, { user: 'twice', pass: '1' }]);
    users(before).add({ user: 'guest', pass: 'g' });
    const after = await start(
      [bob, { user: 'eve', pass: 'y' }, { user: 'twice', pass: '1' }, { user: 'twice', pass: '2' }],
      before,
    );
    expect([...after.revoked].sort()).toEqual(['ann', 'eve', 'guest', 'twice']);
    // Who is on the way in through the one before is held to it, too.
    expect(await isLetIn(before, ann)).toBe(false);
    expect(await isLetIn(before, bob)).toBe(true);
    expect(await isLetIn(after, { user: 'eve', pass: 'y' })).toBe(true);
  });

  it('that comes to nothing leaves everything as it was', async () => {
    const before = await start([ann, bob]);
    const after = await start([bob], before);
    expect(after.revoked).toEqual(['ann']);
    await after.close();
    hosts.pop();
    expect(await isLetIn(before, ann)).toBe(true);
  });

  it('ends nobody where there are no passwords, before or after', async () => {
    const before = await start([ann]);
    for (const [settings, previous] of [
      [{}, before],
      [{ auth: 'password', accounts: [bob] }, await hostInbound(socksInbound, {})],
    ] as const) {
      const after = await hostInbound(socksInbound, settings, { previous });
      expect(after.revoked).toEqual([]);
      hosts.push(previous, after);
    }
  });
});
