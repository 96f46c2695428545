import { isIP } from 'node:net';
import { bytesToIp } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBytes, readIp } from './ip-words.js';

const words = new Uint32Array(4);

/** What the text means, as bytes, by Node's strict check and its parser of URLs. */
function known(text: string): number[] {
  if (text.includes('%') || isIP(text) === 0) return [];
  if (isIP(text) === 4) return text.split('.').map(Number);
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string): number[] =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = all.flatMap((group) => [group >> 8, group & 0xff]);
  const isMapped = all.slice(0, 5).every((group) => group === 0) && all[5] === 0xffff;
  return isMapped ? bytes.slice(12) : bytes;
}

function read(text: string): number[] {
  words.fill(0xdeadbeef);
  const bytes = Buffer.alloc(readIp(text, words) * 4);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32BE(words[i / 4]!, i);
  return [...bytes];
}

/** Like addresses, and often one. */
const piece = fc.oneof(
  fc.constantFrom(
    ':',
    '::',
    '.',
    '0',
    '00',
    '255',
    '256',
    '1',
    'ffff',
    'FFFF',
    '10000',
    'g',
    '%',
    '1.2.3.4',
    '::ffff:',
    ' ',
  ),
  fc.nat(0xffff).map((group) => `${group.toString(16)}:`),
  fc.nat(300).map((octet) => `${octet}.`),
);

describe('readIp', () => {
  it('reads what the strict parser reads, and nothing else', () => {
    const anyText = fc.oneof(
      fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
      fc.string({ maxLength: 50 }),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(read(text), text).toEqual(known(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it.each(['ipV4', 'ipV6'] as const)('reads every %s', (kind) => {
    fc.assert(
      fc.property(fc[kind](), (text) => {
        expect(read(text), text).toEqual(known(text));
        expect(read(text)).not.toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads what is written in the canonical form', () => {
    // Few distinct bytes, so that there are rows of zeros.
    const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, (address) => {
        const text = bytesToIp(Uint8Array.from(address));
        expect(read(text), text).toEqual(known(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', []],
    [':', []],
    [':::', []],
    ['1::2::3', []],
    ['::', new Array<number>(16).fill(0)],
    ['1:2:3:4:5:6:7', []],
    ['1:2:3:4:5:6:7:8:', []],
    ['1:2:3:4:5:6:7:8:9', []],
    [':1:2:3:4:5:6:7:8', []],
    ['1:2:3:4::5:6:7:8', []],
    ['::1:2:3:4:5:6:7:8', []],
    ['1:2:3:4:5:6:7:8::', []],
    ['1:2:3:4:5:6:7::', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]],
    ['1.2.3', []],
    ['1.2.3.4.5', []],
    ['01.2.3.4', []],
    ['1.2.3.256', []],
    ['::ffff:1.2.3.4', [1, 2, 3, 4]],
    ['::ffff:102:304', [1, 2, 3, 4]],
    ['::1.2.3.4', [...new Array<number>(12).fill(0), 1, 2, 3, 4]],
    ['1:2:3:4:5:6:7.8.9.10', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7, 8, 9, 10]],
    ['1:2:3:4:5:6:7:1.2.3.4', []],
    [':1.2.3.4', []],
    ['1.2.3.4::', []],
    ['fe80::1%eth0', []],
    ['/run/a.sock', []],
  ])('takes %j for %j', (text, bytes) => {
    expect(read(text)).toEqual(bytes);
  });
});

describe('readBytes', () => {
  it('takes 4 and 16 bytes and nothing else', () => {
    for (let length = 0; length < 20; length += 1) {
      const expected = length === 4 ? 1 : length === 16 ? 4 : 0;
      expect(readBytes(new Uint8Array(length).fill(1), words)).toBe(expected);
    }
  });
});
