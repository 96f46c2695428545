import { conformance } from '@sluice/testing';
import { it } from 'vitest';
import { whisperInbound, whisperOutbound } from './index.js';

const password = 'a long password';

for (const { name, run, timeoutMs } of conformance({
  inbound: whisperInbound,
  inboundSettings: () => ({ password, email: 'ann' }),
  outbound: whisperOutbound,
  outboundSettings: ({ address, port }) => ({ address, port, password }),
}))
  it(name, run, timeoutMs);
