import type { Buffer } from 'node:buffer';
import { createClientHello, createHeader } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClientHello, type ClientHello } from './fake-tls/client-hello.js';
import { newSecret, type SecretMode } from './secret.js';
import { Users, type MtprotoUser, type OpenedBy } from './users.js';

const from = (address: string) => ({ source: { address, port: 1 } });

const many: MtprotoUser[] = Array.from({ length: 500 }, (_, i) => ({
  email: `user${i}`,
  level: 0,
  secret: newSecret('plain'),
}));

function header(user: MtprotoUser | undefined): Buffer {
  return createHeader({ tag: 'padded', dc: 2, secret: user?.secret.key ?? newSecret('plain').key }).header;
}

function open(users: Users, bytes: Buffer, address: string): OpenedBy | undefined {
  const atOnce = users.openAtOnce(bytes, from(address));
  if (atOnce !== undefined) return atOnce;
  const run = users.searchHeader(bytes);
  while (!run.step());
  return run.found === undefined ? undefined : users.openFound(run.found, bytes, address);
}

describe('Users', () => {
  it('finds each of many', () => {
    const users = new Users(many);
    for (const user of many) expect(open(users, header(user), '192.0.2.1')?.user).toBe(user);
  });

  it("finds nobody for a stranger's secret", () => {
    expect(open(new Users(many), header(undefined), '192.0.2.1')).toBeUndefined();
    expect(open(new Users(many.slice(0, 1)), header(undefined), '192.0.2.1')).toBeUndefined();
  });

  it('finds another user of an address that is known for one', () => {
    const users = new Users(many);
    for (const index of [400, 400, 3, 400, 499])
      expect(open(users, header(many[index]), '192.0.2.1')?.user).toBe(many[index]);
  });

  it('finds users from more addresses than are remembered', () => {
    const users = new Users(many.slice(0, 3));
    for (let i = 0; i < 5000; i += 1) {
      const user = many[i % 3];
      expect(open(users, header(user), `10.0.${i >> 8}.${i & 255}`)?.user).toBe(user);
    }
    expect(open(users, header(many[2]), '10.0.0.0')?.user).toBe(many[2]);
  });
});

function hello(user: MtprotoUser, serverName: string): ClientHello {
  const parsed = parseClientHello(createClientHello({ key: user.secret.key, serverName }).record);
  if (parsed === 'foreign') throw new TypeError(parsed);
  return parsed;
}

function openTls(users: Users, user: MtprotoUser, serverName: string, address = '192.0.2.1'): MtprotoUser | undefined {
  if (!users.knowsName(serverName)) return undefined;
  const heard = hello(user, serverName);
  const run = users.searchHello(heard, address);
  while (!run.step());
  return run.found === undefined ? undefined : users.foundInTls(run.found, heard, address);
}

const modes: readonly SecretMode[] = ['plain', 'padded', 'tls'];
const domainOf = (i: number): string => `${'abc'[i % 3]}.example`;
const everyKind: MtprotoUser[] = Array.from({ length: 60 }, (_, i) => {
  const mode = modes[i % 3]!;
  return {
    email: `user${i}`,
    level: 0,
    secret: newSecret(mode, mode === 'tls' ? domainOf(Math.floor(i / 3)) : undefined),
  };
});
const given = { modes: new Set(modes), serverNames: ['Plain.example', 'c.example'] };

describe('users that come and go', () => {
  it('are found while they are there, and only then', () => {
    const steps = fc.array(fc.nat(everyKind.length - 1), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, (toggled) => {
        const users = new Users([], given);
        const present = new Set<MtprotoUser>();
        for (const index of toggled) {
          const user = everyKind[index]!;
          if (present.delete(user)) users.remove(user);
          else {
            present.add(user);
            users.add(user);
          }
        }
        expect(new Set(users)).toEqual(present);
        expect(new Set(users.emails())).toEqual(new Set([...present].map(({ email }) => email)));
        for (const user of everyKind) {
          const { mode, domain } = user.secret;
          const here = present.has(user) ? user : undefined;
          // From one address, so that the one who came last is always tried first.
          expect(open(users, header(user), '192.0.2.1')?.user).toBe(mode === 'tls' ? undefined : here);
          expect(openTls(users, user, domain ?? 'plain.example')).toBe(mode === 'padded' ? undefined : here);
          if (mode === 'plain') expect(openTls(users, user, 'C.example')).toBe(here);
          expect(openTls(users, user, 'other.example')).toBeUndefined();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('are nobody from now on, also where they came from a moment ago and as the only one', () => {
    const [ann, bob] = many as [MtprotoUser, MtprotoUser];
    const users = new Users([ann, bob]);
    expect(open(users, header(ann), '192.0.2.7')?.user).toBe(ann);
    users.remove(ann);
    expect(users.has(ann)).toBe(false);
    expect(open(users, header(ann), '192.0.2.7')).toBeUndefined();
    expect(open(users, header(bob), '192.0.2.7')?.user).toBe(bob);
    users.remove(bob);
    users.remove(bob);
    expect(open(users, header(bob), '192.0.2.7')).toBeUndefined();
    users.add(ann);
    expect(open(users, header(ann), '192.0.2.7')?.user).toBe(ann);
  });

  it('do not disturb searches that are under way', () => {
    const users = new Users(many.slice(0, 400), { modes: new Set(modes), serverNames: ['a.example'] });
    const last = many[399]!;
    const gone = many[398]!;
    const heard = [last, gone].map((user) => hello(user, 'a.example'));
    const headers = [last, gone].map((user) => header(user));
    const runs = [
      ...heard.map((each) => users.searchHello(each, '192.0.2.1')),
      ...headers.map((each) => users.searchHeader(each)),
    ];
    // Begun, and far from over.
    for (const run of runs.slice(0, 2)) expect(run.step(0)).toBe(false);
    // In front of them everybody goes, and others take their places; one of those who are looked for goes as well.
    for (const user of many.slice(0, 390)) users.remove(user);
    users.remove(gone);
    for (const user of many.slice(400)) users.add(user);
    for (const run of runs) while (!run.step());
    const [lastHello, goneHello, lastHeader, goneHeader] = runs.map(({ found }) => found);
    expect(users.foundInTls(lastHello!, heard[0]!, '192.0.2.1')).toBe(last);
    expect(users.openFound(lastHeader!, headers[0]!, '192.0.2.1')?.user).toBe(last);
    expect([goneHello, goneHeader]).toEqual([undefined, undefined]);
  });

  it('are not taken for those who have come to their place since they were found', () => {
    const [ann, bob] = many as [MtprotoUser, MtprotoUser];
    const users = new Users([ann], { modes: new Set(modes), serverNames: ['a.example'] });
    const [bare, heard] = [header(ann), hello(ann, 'a.example')];
    const runs = [users.searchHeader(bare), users.searchHello(heard, '192.0.2.1')];
    for (const run of runs) while (!run.step());
    users.remove(ann);
    users.add({ ...bob, secret: { ...bob.secret, mode: 'tls', domain: 'b.example' } });
    expect(users.openFound(runs[0]!.found!, bare, '192.0.2.1')).toBeUndefined();
    expect(users.foundInTls(runs[1]!.found!, heard, '192.0.2.1')).toBeUndefined();
  });

  it('bring the modes that their secrets are for, unless the settings say which', () => {
    const [plain, , tls] = everyKind as [MtprotoUser, MtprotoUser, MtprotoUser];
    const users = new Users([plain]);
    expect([users.takeBare, users.takeTls]).toEqual([true, false]);
    users.add(tls);
    expect([users.takeBare, users.takeTls]).toEqual([true, true]);
    expect([...users.serverNames]).toEqual(['a.example']);
    // What is taken for a beginning does not change: strangers must not see who was there.
    users.remove(tls);
    users.remove(plain);
    expect([users.takeBare, users.takeTls]).toEqual([true, true]);
    expect([...users.serverNames]).toEqual([]);
    const strict = new Users([plain], { modes: new Set(['plain']), serverNames: [] });
    strict.add(tls);
    expect(strict.takeTls).toBe(false);
  });

  it('are remembered by where they came from when others take their place', () => {
    const before = new Users(many);
    expect(open(before, header(many[499]), '192.0.2.1')?.user).toBe(many[499]);
    expect(open(before, header(many[3]), '192.0.2.2')?.user).toBe(many[3]);
    const after = new Users(many.slice(100).map((user) => ({ ...user })));
    after.recall(before);
    // Without a search.
    expect(after.openAtOnce(header(many[499]), from('192.0.2.1'))?.user.email).toBe('user499');
    expect(after.openAtOnce(header(many[3]), from('192.0.2.2'))).toBeUndefined();
  });
});
