import { expect, it } from 'vitest';
import { DataPlane } from '@sluice/plugin-api';
import { MemoryLogger } from '@sluice/testing';
import { DirectDispatcher } from '../middle-proxy/list/direct.fixture.js';
import { HostProfiles } from './host-profiles.js';

it('a look that users have seen stays, for names that there are still', () => {
  const make = (): HostProfiles => {
    const services = { tag: 'in', plane: new DataPlane(), logger: new MemoryLogger() };
    return new HostProfiles(undefined, {}, { ...services, dispatcher: new DirectDispatcher() as never });
  };
  const [before, after] = [make(), make()];
  const looks = ['a.example', 'b.example'].map((name) => before.of(name));
  after.recall(before, new Set(['a.example']));
  expect(after.of('A.example')).toBe(looks[0]);
  expect(after.of('b.example')).not.toBe(looks[1]);
});
