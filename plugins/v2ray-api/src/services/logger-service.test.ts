import { afterEach, expect, test } from 'vitest';
import { closeApis, startApi } from '../api.fixture.js';

const LOGGER = 'v2ray.core.app.log.command.LoggerService';

afterEach(closeApis);

test('LoggerService opens the logs anew', async () => {
  const { host, client } = await startApi();
  await client.call(LOGGER, 'RestartLogger');
  expect(host.reopened()).toBe(1);
});
