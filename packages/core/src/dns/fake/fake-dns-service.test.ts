import type { ServiceContext } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { fakeDnsService } from './fake-dns-service.js';
import type { FakeDnsSettings } from './fake-dns-schema.js';
import { FakePools } from './fake-pools.js';

const none = undefined as never;

function problemsOf(settings: FakeDnsSettings): string[] {
  const found: string[] = [];
  const note = (path: readonly (string | number)[]): number => found.push(path.join('.'));
  fakeDnsService.check?.(settings, { error: note, warning: note }, none, none);
  return found;
}

describe('the check of fakedns', () => {
  it.each<[FakeDnsSettings, string[]]>([
    [{}, []],
    [[], []],
    [{ ipPool: '198.18.0.0/16', poolSize: 65535 }, []],
    [{ ipPool: 'fc00::/18' }, []],
    [{ ipPool: '198.18.0.0/24' }, []],
    [{ ipPool: '198.18.0.0/24', poolSize: 256 }, ['poolSize']],
    [{ ipPool: '198.18.0.0/31', poolSize: 1 }, ['ipPool']],
    [{ ipPool: '198.18.0.0/33' }, ['ipPool']],
    [[{}, { ipPool: 'a.example' }], ['1.ipPool']],
  ])('%j: %j', (settings, expected) => {
    expect(problemsOf(settings)).toEqual(expected);
  });
});

describe('the fakedns service', () => {
  const create = (fakes: FakePools, settings: FakeDnsSettings) =>
    fakeDnsService.create({ settings, get: () => fakes } as unknown as ServiceContext);

  it.each<[FakeDnsSettings]>([[{}], [[]], [[{}]]])("%j: gives out addresses of V2Ray's block", async (settings) => {
    const fakes = new FakePools();
    const service = create(fakes, settings);
    expect(fakes.covers('198.18.0.1')).toBe(false);
    await service.start?.();
    expect(fakes.addressOf('a.example', 4)).toMatch(/^198\.1[89]\./);
    await service.close?.();
    await service.close?.();
    expect(fakes.addressOf('a.example', 4)).toBeUndefined();
  });

  it('keeps what was given out when it is followed by one of the same blocks', async () => {
    const fakes = new FakePools();
    const before = create(fakes, [{ poolSize: 9 }]);
    const after = create(fakes, { ipPool: '198.18.0.0/15', poolSize: 9 });
    await before.start?.();
    const address = fakes.addressOf('a.example', 4);
    await before.close?.();
    await after.start?.();
    expect(fakes.addressOf('a.example', 4)).toBe(address);
  });

  it('closes without having been started', async () => {
    const fakes = new FakePools();
    fakes.load([{ ipPool: '10.0.0.0/8', poolSize: 1 }]);
    await create(fakes, {}).close?.();
    expect(fakes.addressOf('a.example', 4)).toMatch(/^10\./);
  });
});
