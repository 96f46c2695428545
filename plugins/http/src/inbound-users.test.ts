import { afterEach, describe, expect, it } from 'vitest';
import { SluiceError, type InboundUsers } from '@sluice/plugin-api';
import { hostInbound, type InboundHost } from '@sluice/testing';
import { basicAuthorization } from './accounts.js';
import { httpInbound } from './index.js';
import { Wire } from './wire.fixture.js';

const ann = { user: 'ann', pass: 'secret-of-ann' };
const bob = { user: 'bob', pass: 'secret-of-bob' };

const hosts: InboundHost[] = [];

async function start(accounts: readonly object[], previous?: InboundHost): Promise<InboundHost> {
  const connect = (): Promise<never> => Promise.reject(new SluiceError('E_BLOCKED', 'nowhere'));
  const host = await hostInbound(
    httpInbound,
    { accounts },
    previous === undefined ? { connect } : { connect, previous },
  );
  hosts.push(host);
  return host;
}

afterEach(async () => {
  for (const host of hosts.splice(0).reverse()) await host.close();
});

const request = ({ user, pass }: { user: string; pass: string }): string =>
  `CONNECT a:1 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${basicAuthorization(user, pass)}\r\n\r\n`;

async function isLetIn(host: InboundHost, account: { user: string; pass: string }): Promise<boolean> {
  const wire = (await Wire.connect(host.port)).send(request(account));
  const answer = await wire.message();
  wire.socket.destroy();
  await host.nextEnd();
  expect(answer).toMatch(/^HTTP\/1.1 40[37] /);
  return answer.startsWith('HTTP/1.1 403');
}

function users(host: InboundHost): InboundUsers {
  return host.inbound.users!;
}

describe('the users of a running inbound', () => {
  it('come and go', async () => {
    const host = await start([ann]);
    expect(await isLetIn(host, bob)).toBe(false);
    users(host).add(bob);
    expect(users(host).emails()).toEqual(['ann', 'bob']);
    expect(await isLetIn(host, bob)).toBe(true);
    expect(users(host).remove('bob')).toBe(true);
    expect(users(host).remove('bob')).toBe(false);
    expect(await isLetIn(host, bob)).toBe(false);
    expect(await isLetIn(host, ann)).toBe(true);
  });

  it('are asked again with every request of a connection', async () => {
    const host = await start([ann]);
    const wire = (await Wire.connect(host.port)).send(
      `GET http://a/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: ${basicAuthorization('ann', ann.pass)}\r\n\r\n`,
    );
    expect(await wire.message()).toContain('HTTP/1.1 403');
    users(host).remove('ann');
    wire.send(request(ann));
    expect(await wire.message()).toContain('HTTP/1.1 407');
    wire.socket.destroy();
  });

  it('are not let in for nothing when the last one is gone', async () => {
    const host = await start([ann]);
    users(host).remove('ann');
    const wire = (await Wire.connect(host.port)).send('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await wire.message()).toContain('HTTP/1.1 407');
    wire.socket.destroy();
  });

  it.each([
    [{ ...ann, pass: 'other' }, 'E_EXISTS'],
    [{ user: 'eve' }, 'E_CONFIG_INVALID'],
    [{ user: 'eve', pass: 5 }, 'E_CONFIG_INVALID'],
    [{ user: 'eve:hunter2', pass: 'x' }, 'E_CONFIG_INVALID'],
    [{ user: 'eve', pass: 'hunter2\r\n' }, 'E_CONFIG_INVALID'],
  ])('are refused as in a configuration: %j', async (entry, code) => {
    const host = await start([ann]);
    let error: unknown;
    try {
      users(host).add(entry);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code });
    expect((error as SluiceError).message).not.toMatch(/hunter2|other|secret/);
    expect(users(host).emails()).toEqual(['ann']);
  });

  it('cannot be named where nobody is asked for a password', async () => {
    expect((await start([])).inbound.users).toBeUndefined();
  });
});

describe('a successor', () => {
  it('names those who are gone or have another password', async () => {
    const before = await start([ann, bob, { user: 'eve', pass: 'x' }]);
    users(before).add({ user: 'guest', pass: 'g' });
    const after = await start([bob, { user: 'eve', pass: 'y' }], before);
    expect([...after.revoked].sort()).toEqual(['ann', 'eve', 'guest']);
    // Who is on the way in through the one before is held to it, too.
    expect(await isLetIn(before, ann)).toBe(false);
    expect(await isLetIn(before, bob)).toBe(true);
    expect(await isLetIn(after, { user: 'eve', pass: 'y' })).toBe(true);
  });

  it('that comes to nothing leaves everything as it was', async () => {
    const before = await start([ann, bob]);
    const after = await start([bob], before);
    await after.close();
    hosts.pop();
    expect(await isLetIn(before, ann)).toBe(true);
  });

  it('ends nobody where everybody may come, before or after', async () => {
    const closed = await start([ann]);
    const opened = await start([], closed);
    expect(opened.revoked).toEqual([]);
    expect((await start([bob], opened)).revoked).toEqual([]);
  });
});
