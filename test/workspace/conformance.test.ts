import { dokodemoInbound } from '@sluice/plugin-dokodemo-door';
import { freedomOutbound } from '@sluice/plugin-freedom';
import { conformance } from '@sluice/testing';
import { describe, it } from 'vitest';

// Neither has a protocol of its own: what one sends is what the other takes.
describe('freedom and dokodemo-door', () => {
  for (const { name, run, timeoutMs } of conformance(
    {
      outbound: freedomOutbound,
      outboundSettings: ({ address, port }) => ({ redirect: `${address}:${port}` }),
      inbound: dokodemoInbound,
      inboundSettings: ({ target }) => ({ ...target, network: 'tcp,udp' }),
    },
    { targets: false, udp: true },
  ))
    it(name, run, timeoutMs);
});
