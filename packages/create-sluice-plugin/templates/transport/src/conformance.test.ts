import { conformance } from '@sluice/testing';
import { it } from 'vitest';
import { inbound, outbound } from './index.js';

const key = 'a long key';

// Say `integrity: true` once changed bytes are found out.
for (const { name, run, timeoutMs } of conformance(
  {
    inbound,
    inboundSettings: ({ target: { address, port } }) => ({ key, address, port }),
    outbound,
    outboundSettings: () => ({ key }),
    leadsTo: 'server',
  },
  { targets: false },
))
  it(name, run, timeoutMs);
