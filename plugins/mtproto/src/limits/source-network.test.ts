import { expect, it } from 'vitest';
import { sourceNetwork } from './source-network.js';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:db8:1:2::', '2001:db8:1:2::'],
  ['2001:DB8:1:2::ffff', '2001:db8:1:2::'],
  ['2001:db8:1:3::1', '2001:db8:1:3::'],
  ['fe80::1%eth0', 'fe80::'],
  ['/run/sluice.sock', '/run/sluice.sock'],
  ['', ''],
])('%s counts as %s', (address, network) => {
  expect(sourceNetwork(address)).toBe(network);
});
