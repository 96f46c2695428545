import { loneOutboundConformance } from '@sluice/testing';
import { describe, it } from 'vitest';
import { blackholeOutbound } from './index.js';

describe.each(['none', 'http'])('blackhole, %s', (type) => {
  const last = { outbound: blackholeOutbound, settings: { response: { type } } };
  for (const { name, run, timeoutMs } of loneOutboundConformance(last, { udp: true })) it(name, run, timeoutMs);
});
