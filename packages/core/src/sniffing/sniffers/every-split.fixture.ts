import type { SnifferContribution, SniffVerdict } from '@sluice/plugin-api';
import { expect } from 'vitest';

/**
 * What a sniffer says of a stream, having checked that it says so however the bytes arrive: of each shorter part 'more'
 * or the same, and once decided always the same.
 */
export function everySplit(sniffer: SnifferContribution, stream: Buffer | string): SniffVerdict {
  const bytes = Buffer.from(stream as Buffer);
  const before = Buffer.from(bytes);
  const verdict = sniffer.sniff([bytes], 'tcp');
  let decided = false;
  for (let length = 0; length <= bytes.length; length += 1) {
    const early = sniffer.sniff([bytes.subarray(0, length)], 'tcp');
    if (decided || early !== 'more') {
      // Not for each of them: expect is slow.
      if (JSON.stringify(early) !== JSON.stringify(verdict))
        expect({ length, verdict: early }).toEqual({ length, verdict });
      decided = true;
    }
  }
  expect(bytes.equals(before)).toBe(true);
  return verdict;
}
