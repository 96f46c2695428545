import { conformance } from '@sluice/testing';
import { describe, it } from 'vitest';
import { telegram, type Mode } from './conformance.fixture.js';

const MODES: readonly (readonly [string, Mode, number])[] = [
  ['in the open', { tag: 'padded' }, 200],
  // Every byte of the handshake is tried in tests of its own.
  ['in fake TLS', { tag: 'padded', serverName: 'www.example.org' }, 60],
];

describe.each(MODES)('MTProto, %s', (_, mode, places) => {
  for (const { name, run, timeoutMs } of conformance(telegram(mode), { targets: false, places }))
    it(name, run, timeoutMs);
});
