import type { Health, OutboundHealth } from '@sluice/plugin-api';
import { ObservatoryService } from '../protos/observatory.js';
import { served, type ServedService } from '../server/served-service.js';

/** What V2Ray says of an outbound that never answered, in ms. */
const NEVER_MS = 99_999_999n;

const whole = (value: number | undefined): bigint => BigInt(Math.round(value ?? 0));
const seconds = (at: number | undefined): bigint => whole(at === undefined ? 0 : Math.floor(at / 1000));

export function observatoryService(health: Health): ServedService {
  return served(ObservatoryService, {
    GetOutboundStatus: () => ({
      status: { status: [...health.all()].map(([tag, found]) => describe(tag, found)) },
    }),
  });
}

function describe(tag: string, found: OutboundHealth) {
  return {
    alive: found.alive,
    delay: found.delay === undefined ? NEVER_MS : whole(found.delay),
    lastErrorReason: found.lastError ?? '',
    outboundTag: tag,
    lastSeenTime: seconds(found.lastSeenAt),
    lastTryTime: seconds(found.lastTryAt),
    ...(found.samples === 0
      ? {}
      : {
          healthPing: {
            all: whole(found.samples),
            fail: whole(found.failures),
            deviation: whole(found.deviation),
            average: whole(found.delay),
            max: whole(found.max),
            min: whole(found.min),
          },
        }),
  };
}
