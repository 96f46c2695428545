import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frame, FrameReader } from './frames.js';

function readAll(chunks: readonly Buffer[], limit = 100): string[] {
  const reader = new FrameReader(limit);
  const found: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.take(); message !== undefined; message = reader.take()) found.push(message.toString());
  }
  return found;
}

it('takes messages apart at every split', () => {
  const stream = Buffer.concat(['one', '', 'three'].map((text) => frame(Buffer.from(text))));
  for (let at = 0; at <= stream.length; at += 1)
    expect(readAll([stream.subarray(0, at), stream.subarray(at)])).toEqual(['one', '', 'three']);
});

it('takes messages apart in whatever pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 30 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      (texts, cuts) => {
        let rest = Buffer.concat(texts.map((text) => frame(Buffer.from(text))));
        const chunks: Buffer[] = [];
        while (rest.length > 0) {
          const cut = cuts.next().value as number;
          chunks.push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        expect(readAll(chunks)).toEqual(texts);
      },
    ),
  );
});

it('gives one message at a time, and keeps the rest', () => {
  const reader = new FrameReader(10);
  reader.push(Buffer.concat([frame(Buffer.from('a')), frame(Buffer.from('b'))]));
  expect(reader.take()?.toString()).toBe('a');
  reader.push(frame(Buffer.from('c')));
  expect([reader.take()?.toString(), reader.take()?.toString(), reader.take()]).toEqual(['b', 'c', undefined]);
});

it('refuses a message that is too long as soon as that is known', () => {
  expect(readAll([frame(Buffer.alloc(100))])).toHaveLength(1);
  expect(() => readAll([Buffer.of(0, 101)])).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }) as Error);
});
