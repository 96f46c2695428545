import { Buffer } from 'node:buffer';
import { createCipheriv } from 'node:crypto';
import { patternBytes } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { Recipher } from './codec.js';
import { keystreamOf } from './obfuscation/ctr.js';

const inner = Buffer.alloc(48, 'inner');
const outer = Buffer.alloc(48, 'outer');

function aes(material: Buffer, bytes: Buffer): Buffer {
  return createCipheriv('aes-256-ctr', material.subarray(0, 32), material.subarray(32)).update(bytes);
}

function recipher(): Recipher {
  return new Recipher(keystreamOf(inner), keystreamOf(outer));
}

function run(codec: Recipher, chunks: readonly Buffer[]): Buffer {
  const out: Buffer[] = [];
  for (const chunk of chunks) codec.write(chunk, (bytes) => void out.push(bytes));
  return Buffer.concat(out);
}

describe('Recipher', () => {
  it('turns one layer into the other at every split', () => {
    const plain = patternBytes(150);
    const input = aes(inner, plain);
    const expected = aes(outer, plain);
    for (let at = 0; at <= input.length; at += 1) {
      expect(run(recipher(), [input.subarray(0, at), input.subarray(at)])).toEqual(expected);
    }
    expect(
      run(
        recipher(),
        Array.from(input, (_, i) => input.subarray(i, i + 1)),
      ),
    ).toEqual(expected);
  });

  it('puts its lead in front of the first bytes, in one piece with them', () => {
    const plain = patternBytes(40);
    const input = aes(inner, plain);
    const lead = Buffer.from('lead');
    const out: Buffer[] = [];
    const codec = new Recipher(keystreamOf(inner), keystreamOf(outer), lead);
    for (const at of [0, 10, 30])
      codec.write(input.subarray(at, at === 30 ? 40 : at === 0 ? 10 : 30), (bytes) => void out.push(bytes));
    expect(out.map(({ length }) => length)).toEqual([14, 20, 10]);
    expect(Buffer.concat(out)).toEqual(Buffer.concat([lead, aes(outer, plain)]));
  });

  it('leaves the chunk as it was', () => {
    const input = patternBytes(64 * 1024);
    const before = Buffer.from(input);
    run(recipher(), [input]);
    expect(input).toEqual(before);
  });

  it('frees the memory of a large chunk only when the receiver has passed it on', () => {
    const codec = recipher();
    const plain = patternBytes(2 * 64 * 1024);
    const input = aes(inner, plain);
    const expected = aes(outer, plain);
    const emitted: Buffer[] = [];
    codec.write(input.subarray(0, 64 * 1024), (bytes) => {
      expect(bytes.equals(expected.subarray(0, 64 * 1024))).toBe(true);
      emitted.push(bytes);
      return true;
    });
    codec.write(input.subarray(64 * 1024), (bytes) => {
      emitted.push(bytes);
      return false;
    });
    expect(emitted[0]?.buffer.byteLength).toBe(0);
    expect(emitted[1]?.equals(expected.subarray(64 * 1024))).toBe(true);
  });

  it('takes large chunks in steps, in memory that it uses again only when it may', () => {
    const plain = patternBytes(3_000_000);
    const input = aes(inner, plain);
    const expected = aes(outer, plain);
    const codec = recipher();
    const kept: { at: number; bytes: Buffer }[] = [];
    let turn = 0;
    let done = 0;
    let at = 0;
    for (const length of [65_537, 524_288, 131_072, 700_000, 524_288, 65_536, 100_000]) {
      codec.write(input.subarray(at, at + length), (bytes) => {
        expect(bytes.equals(expected.subarray(done, done + bytes.length))).toBe(true);
        const isFree = (turn += 1) % 2 === 0;
        if (!isFree) kept.push({ at: done, bytes });
        done += bytes.length;
        return isFree;
      });
      at += length;
    }
    expect(done).toBe(at);
    for (const { at, bytes } of kept) expect(bytes.equals(expected.subarray(at, at + bytes.length))).toBe(true);
  });
});
