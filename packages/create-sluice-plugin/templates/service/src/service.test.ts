import { DataPlane } from '@sluice/plugin-api';
import { MemoryLogger, MemoryStats } from '@sluice/testing';
import { expect, it } from 'vitest';
import { __Name__Service } from './service.js';

it('writes its lines until it is closed, and leaves no timer', async () => {
  const [plane, logger, stats] = [new DataPlane(), new MemoryLogger(), new MemoryStats()];
  stats.counter('inbound>>>in>>>traffic>>>uplink').add(7);
  const service = new __Name__Service({ settings: { every: '100ms' }, plane, logger, stats });
  service.start();
  await expect.poll(() => logger.lines.length).toBeGreaterThan(1);
  expect(logger.lines[0]).toBe('info still here {"bytes":7}');
  service.close();
  service.close();
  expect(plane.state().timers).toBe(0);
});
