import { conformance, layered } from '@sluice/testing';
import { describe, it } from 'vitest';
import { whisperInbound, whisperOutbound } from './index.js';
import { murmur } from './murmur.js';

const password = 'a long password';

describe('whisper', () => {
  for (const { name, run, timeoutMs } of conformance({
    inbound: whisperInbound,
    inboundSettings: () => ({ password, email: 'ann' }),
    outbound: whisperOutbound,
    outboundSettings: ({ address, port }) => ({ address, port, password }),
  }))
    it(name, run, timeoutMs);
});

describe('murmur', () => {
  const both = { inbound: { password }, outbound: { password } };
  for (const { name, run, timeoutMs } of conformance(layered(murmur, both), { targets: false }))
    it(name, run, timeoutMs);
});
