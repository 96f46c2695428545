import { afterEach, expect, test } from 'vitest';
import { closeApis, startApi } from '../api.fixture.js';

const OBSERVATORY = 'v2ray.core.app.observatory.command.ObservatoryService';

afterEach(closeApis);

test('ObservatoryService tells what probes have found', async () => {
  const { host, client } = await startApi();
  host.health.set('a', {
    ...{ alive: true, delay: 12.4, deviation: 2, min: 10, max: 15, samples: 4, failures: 1 },
    ...{ lastTryAt: 1_700_000_000_900, lastSeenAt: 1_700_000_000_100 },
  });
  host.health.set('b', {
    ...{ alive: false, delay: undefined, samples: 0, failures: 0, lastTryAt: 5000, lastSeenAt: undefined },
    lastError: 'refused',
  });
  expect(await client.call(OBSERVATORY, 'GetOutboundStatus')).toMatchObject({
    status: {
      status: [
        {
          ...{ alive: true, delay: 12n, outboundTag: 'a', lastTryTime: 1_700_000_000n, lastSeenTime: 1_700_000_000n },
          healthPing: { all: 4n, fail: 1n, deviation: 2n, average: 12n, max: 15n, min: 10n },
        },
        { alive: false, delay: 99_999_999n, lastErrorReason: 'refused', outboundTag: 'b', lastSeenTime: 0n },
      ],
    },
  });
  expect(await client.call('xray.core.app.observatory.command.ObservatoryService', 'GetOutboundStatus')).toMatchObject({
    status: { status: [{ outboundTag: 'a' }, { outboundTag: 'b' }] },
  });
});
