import { conformance } from '@sluice/testing';
import { it } from 'vitest';
import { inbound, outbound } from './index.js';

const password = 'a long password';

// Say `integrity: true` once changed bytes are found out, and `udp: true` once packets are carried.
for (const { name, run, timeoutMs } of conformance({
  inbound,
  inboundSettings: () => ({ password }),
  outbound,
  outboundSettings: ({ address, port }) => ({ address, port, password }),
}))
  it(name, run, timeoutMs);
