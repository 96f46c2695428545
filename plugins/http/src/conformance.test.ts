import { conformance } from '@sluice/testing';
import { describe, it } from 'vitest';
import { httpInbound, httpOutbound } from './index.js';

describe('HTTP CONNECT', () => {
  for (const { name, run, timeoutMs } of conformance({
    inbound: httpInbound,
    inboundSettings: () => ({ accounts: [{ user: 'ann', pass: 'a' }] }),
    outbound: httpOutbound,
    outboundSettings: ({ address, port }) => ({ servers: [{ address, port, users: [{ user: 'ann', pass: 'a' }] }] }),
  }))
    it(name, run, timeoutMs);
});
