import { conformance } from '@sluice/testing';
import { describe, it } from 'vitest';
import { socksInbound, socksOutbound } from './index.js';

describe('SOCKS 5', () => {
  for (const { name, run, timeoutMs } of conformance(
    {
      inbound: socksInbound,
      inboundSettings: () => ({ auth: 'password', accounts: [{ user: 'ann', pass: 'a' }], udp: true, ip: '127.0.0.1' }),
      outbound: socksOutbound,
      outboundSettings: ({ address, port }) => ({
        servers: [{ address, port, users: [{ user: 'ann', pass: 'a' }] }],
      }),
    },
    { udp: true },
  ))
    it(name, run, timeoutMs);
});
