import { readFileSync } from 'node:fs';
import { DataPlane, schemaFileOf } from '@sluice/plugin-api';
import { MemoryLogger, MemoryStats } from '@sluice/testing';
import { expect, it } from 'vitest';
import { Heartbeat } from './heartbeat.js';
import { isWithin } from './hours.js';
import plugin from './index.js';

it('has the schema file of what it contributes: run `npm run schema` after a change', () => {
  const written: unknown = JSON.parse(readFileSync(new URL('../schema.json', import.meta.url), 'utf8'));
  expect(written).toEqual(schemaFileOf(plugin));
});

it.each([
  [8, 18, [8, 12, 17], [7, 18, 0]],
  [22, 6, [22, 23, 0, 5], [6, 12, 21]],
])('hours from %i to %i', (from, to, inside, outside) => {
  const at = (hour: number): boolean => isWithin({ from, to }, hour);
  expect(inside.map(at)).toEqual(inside.map(() => true));
  expect(outside.map(at)).toEqual(outside.map(() => false));
});

it('beats until it is closed, and leaves no timer', async () => {
  const [plane, logger, stats] = [new DataPlane(), new MemoryLogger(), new MemoryStats()];
  stats.counter('inbound>>>in>>>traffic>>>uplink').add(7);
  const heartbeat = new Heartbeat({ settings: { every: '100ms' }, plane, logger, stats });
  heartbeat.start();
  await expect.poll(() => logger.lines.length).toBeGreaterThan(1);
  expect(logger.lines[0]).toBe('info still here {"bytes":7}');
  heartbeat.close();
  heartbeat.close();
  expect(plane.state().timers).toBe(0);
});
