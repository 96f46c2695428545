import { destination, SluiceError, type Destination } from '@sluice/plugin-api';
import { MemoryLogger } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressHealth } from './address-health.js';
import type { Addresses } from './addresses.js';

const refused = new SluiceError('E_DIAL_REFUSED', 'refused');
const all = [1, 2, 3, 4].map((port) => destination('tcp', '192.0.2.1', port));
const [a, b, c] = all as [Destination, Destination, Destination];

class Clock {
  now = 1000;
  readonly logger = new MemoryLogger();
  readonly health = new AddressHealth(new Set(all), this.logger, () => this.now);

  order(...addresses: Destination[]): Destination[] {
    return [...this.health.order(addresses as unknown as Addresses)];
  }
}

describe('the health of addresses', () => {
  it('leaves the order alone while all is well, at no cost', () => {
    const { health } = new Clock();
    const addresses: Addresses = [a, b];
    expect(health.order(addresses)).toBe(addresses);
    health.connected(a);
    expect(health.order(addresses)).toBe(addresses);
  });

  it('lets an address rest that has failed: 5 s, then twice as long each time, 5 min at most', () => {
    const clock = new Clock();
    for (const seconds of [5, 10, 20, 40, 80, 160, 300, 300, 300]) {
      clock.health.failed(a, refused);
      clock.now += seconds * 1000 - 1;
      expect(clock.order(a, b)).toEqual([b, a]);
      clock.now += 1;
      expect(clock.order(a, b)).toEqual([a, b]);
    }
  });

  it('takes the failures of many connections at once for one', () => {
    const clock = new Clock();
    for (let i = 0; i < 1000; i += 1) clock.health.failed(a, refused);
    clock.now += 5000;
    expect(clock.order(a, b)).toEqual([a, b]);
    expect(clock.logger.lines).toHaveLength(1);
  });

  it('has one connection try an address after its rest; the others wait for what comes of it', () => {
    const clock = new Clock();
    clock.health.failed(a, refused);
    clock.now += 5000;
    expect(clock.order(a, b)).toEqual([a, b]);
    expect(clock.order(a, b)).toEqual([b, a]);
    clock.health.failed(a, refused);
    clock.now += 9999;
    expect(clock.order(a, b)).toEqual([b, a]);
    clock.now += 1;
    expect(clock.order(a, b)).toEqual([a, b]);
    clock.health.connected(a);
    expect(clock.order(a, b)).toEqual([a, b]);
    expect(clock.health.resting).toBe(0);
  });

  it('has another one try if nothing came of that', () => {
    const clock = new Clock();
    clock.health.failed(a, refused);
    clock.now += 5000;
    expect(clock.order(a, b)).toEqual([a, b]);
    clock.now += 1000;
    expect(clock.order(a, b)).toEqual([a, b]);
  });

  it('starts from the beginning after a success', () => {
    const clock = new Clock();
    for (let i = 0; i < 4; i += 1) {
      clock.health.failed(a, refused);
      clock.now += 300_000;
      clock.order(a, b);
    }
    clock.health.connected(a);
    clock.health.failed(a, refused);
    clock.now += 5000;
    expect(clock.order(a, b)).toEqual([a, b]);
  });

  it('puts the one first whose rest ends first, where all rest', () => {
    const clock = new Clock();
    clock.health.failed(c, refused);
    clock.now += 100;
    clock.health.failed(a, refused);
    clock.now += 100;
    clock.health.failed(b, refused);
    expect(clock.order(a, b, c)).toEqual([c, a, b]);
  });

  it('says when an address begins to rest and when it answers again, and no more than that', () => {
    const clock = new Clock();
    clock.health.failed(a, refused);
    clock.now += 5000;
    clock.order(a, b);
    clock.health.failed(a, refused);
    clock.health.connected(a);
    clock.health.connected(a);
    expect(clock.logger.lines).toEqual([
      'info 192.0.2.1:1 rests for 5 s: refused {"code":"E_DIAL_REFUSED"}',
      'debug 192.0.2.1:1 rests for 10 s: refused {"code":"E_DIAL_REFUSED"}',
      'info 192.0.2.1:1 answers again',
    ]);
  });

  it('remembers no addresses but its own', () => {
    const { health } = new Clock();
    for (let port = 1; port < 5000; port += 1) health.failed(destination('tcp', '192.0.2.9', port), refused);
    expect(health.resting).toBe(0);
  });

  it('never loses or doubles an address, whatever happens', () => {
    const step = fc.record({
      what: fc.constantFrom('failed', 'connected', 'order'),
      which: fc.nat({ max: 3 }),
      wait: fc.constantFrom(0, 500, 4000, 60_000, 600_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new Clock();
        for (const { what, which, wait } of steps) {
          clock.now += wait;
          const address = all[which] as Destination;
          if (what === 'failed') clock.health.failed(address, refused);
          else if (what === 'connected') clock.health.connected(address);
          const ordered = clock.order(...all);
          expect(new Set(ordered)).toEqual(new Set(all));
          expect(ordered).toHaveLength(all.length);
          expect(clock.health.resting).toBeLessThanOrEqual(all.length);
        }
      }),
    );
  });
});
