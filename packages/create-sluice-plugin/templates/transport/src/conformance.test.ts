import { conformance, layered } from '@sluice/testing';
import { it } from 'vitest';
import { layer } from './index.js';

const settings = { key: 'a long key' };

// Say `integrity: true` once changed bytes are found out.
for (const { name, run, timeoutMs } of conformance(layered(layer, { inbound: settings, outbound: settings }), {
  targets: false,
}))
  it(name, run, timeoutMs);
