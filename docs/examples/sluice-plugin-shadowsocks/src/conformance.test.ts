import { conformance } from '@sluice/testing';
import { describe, it } from 'vitest';
import { shadowsocksInbound, shadowsocksOutbound } from './index.js';

describe.each(['chacha20-ietf-poly1305', 'aes-128-gcm'])('Shadowsocks, %s', (method) => {
  const password = 'hush-hush';
  for (const { name, run, timeoutMs } of conformance(
    {
      inbound: shadowsocksInbound,
      inboundSettings: () => ({ method, password, network: 'tcp,udp' }),
      outbound: shadowsocksOutbound,
      outboundSettings: ({ address, port }) => ({ servers: [{ address, port, method, password }] }),
    },
    { integrity: true, udp: true },
  ))
    it(name, run, timeoutMs);
});
