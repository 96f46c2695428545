import { Buffer } from 'node:buffer';
import type { BalancerContext } from '@sluice/plugin-api';
import { expect, it } from 'vitest';
import { passwordCommand } from './password.js';
import { quietest } from './quietest.js';
import { whisperSniffer } from './sniffer.js';

it('knows whisper by its first bytes, at every split', () => {
  const line = Buffer.from('WHISPER 00');
  const verdicts = Array.from(line, (_, i) => whisperSniffer.sniff([line.subarray(0, i)], 'tcp'));
  expect(verdicts).toEqual([...Array<string>(8).fill('more'), ...Array<object>(2).fill({ protocol: 'whisper' })]);
  expect(whisperSniffer.sniff([Buffer.from('WHAT')], 'tcp')).toBe('no');
});

it('picks the outbound with the fewest connections', () => {
  const loads: Readonly<Record<string, number>> = { a: 3, b: 1, c: 1 };
  const strategy = quietest.create({ load: (tag) => loads[tag] ?? 0 } as BalancerContext);
  expect(strategy.pick(['a', 'b', 'c'])).toBe('b');
  expect(strategy.pick(['a'])).toBe('a');
});

it.each([
  [undefined, 0, /^[\w-]{22}$/],
  ['64', 0, /^[\w-]{86}$/],
  ['7', 1, /8 to 64/],
  ['many', 1, /8 to 64/],
])('makes a password of %s bytes', async (bytes, code, expected) => {
  const lines: string[] = [];
  const invocation = {
    args: [],
    options: { bytes },
    print: (line: string) => void lines.push(line),
    isTerminal: false,
    loadConfig: () => Promise.reject(new TypeError('no configuration is needed')),
  };
  expect(await passwordCommand.run(invocation)).toBe(code);
  expect(lines.join('\n')).toMatch(expected);
});
