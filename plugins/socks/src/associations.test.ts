import { describe, expect, it } from 'vitest';
import type { Endpoint } from '@sluice/plugin-api';
import { Associations } from './associations.js';

const IP = '10.0.0.1';
const from = (port: number, address = IP): Endpoint => ({ address, port });

function table(announcedOnly = false): { table: Associations; released: number[] } {
  const released: number[] = [];
  return { table: new Associations(announcedOnly, ({ port }) => released.push(port)), released };
}

describe('Associations', () => {
  it('let one port of the client in, from its first packet to the end of its connection', () => {
    const { table: associations, released } = table();
    expect(associations.admit(from(1))).toBeUndefined();
    const user = { level: 3, email: 'ann' };
    const association = associations.open(IP, 0, user);
    expect(associations.admit(from(1, '10.0.0.2'))).toBeUndefined();
    const flow = associations.admit(from(1));
    expect(flow?.association.user).toBe(user);
    expect(associations.admit(from(1))).toBe(flow);
    expect(associations.admit(from(2))).toBeUndefined();
    associations.close(association);
    expect(released).toEqual([1]);
    expect(associations.admit(from(1))).toBeUndefined();
    associations.close(association);
    expect(associations.size).toBe(0);
    expect(released).toEqual([1]);
  });

  it('hold a client whom a password has proved to the port that it announced', () => {
    const { table: associations } = table(true);
    associations.open(IP, 7, undefined);
    expect(associations.admit(from(1))).toBeUndefined();
    expect(associations.admit(from(7))).toBeDefined();
    expect(associations.admit(from(1))).toBeUndefined();
  });

  it('let another port in, where everybody may associate, until the announced one sends', () => {
    const { table: associations, released } = table(false);
    associations.open(IP, 7, undefined);
    expect(associations.admit(from(1))).toBeDefined();
    expect(associations.admit(from(2))).toBeUndefined();
    expect(associations.admit(from(7))).toBeDefined();
    expect(released).toEqual([1]);
    expect(associations.admit(from(1))).toBeUndefined();
  });

  it('keep associations that were opened and used one after the other apart', () => {
    const { table: associations, released } = table();
    const first = associations.open(IP, 0, undefined);
    associations.admit(from(1));
    associations.open(IP, 0, undefined);
    associations.admit(from(2));
    expect(associations.admit(from(3))).toBeUndefined();
    associations.close(first);
    expect(released).toEqual([1]);
    expect(associations.admit(from(2))).toBeDefined();
  });

  it('serve the flow that remains, whichever order the ports of waiting associations spoke in', () => {
    for (const closed of [0, 1] as const) {
      const { table: associations } = table();
      const both = [associations.open(IP, 0, undefined), associations.open(IP, 0, undefined)] as const;
      // The second association's port is the first to send.
      expect(associations.admit(from(2))).toBeDefined();
      expect(associations.admit(from(1))).toBeDefined();
      expect(associations.admit(from(3))).toBeDefined();
      associations.close(both[closed]);
      const survivor = closed === 0 ? 2 : 1;
      expect(associations.admit(from(survivor))).toBeDefined();
    }
  });

  it("hand a flow to a sibling that still waits, when it may have been the sibling's", () => {
    const { table: associations, released } = table();
    const idle = associations.open(IP, 0, undefined);
    associations.open(IP, 0, undefined);
    const flow = associations.admit(from(2));
    associations.close(idle);
    expect(released).toEqual([]);
    expect(associations.admit(from(2))).toBe(flow);
    expect(associations.admit(from(3))).toBeDefined();
    expect(released).toEqual([2]);
  });

  it('are limited in number, for one client and in all', () => {
    const { table: associations } = table();
    const limit = expect.objectContaining({ code: 'E_SOCKS_ASSOCIATION_LIMIT' }) as Error;
    const open = Array.from({ length: 1024 }, () => associations.open(IP, 0, undefined));
    expect(() => associations.open(IP, 0, undefined)).toThrow(limit);
    for (let i = 0; i < 3 * 1024; i += 1) associations.open(`10.1.0.${i}`, 0, undefined);
    expect(() => associations.open('10.2.0.1', 0, undefined)).toThrow(limit);
    for (const association of open) associations.close(association);
    expect(associations.size).toBe(3 * 1024);
    expect(associations.open(IP, 0, undefined)).toBeDefined();
  });
});
