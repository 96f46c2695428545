import type { Buffer } from 'node:buffer';
import { createHeader } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { newSecret } from './secret.js';
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
