import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame, FrameReader } from './frames.js';

function read(chunks: readonly Buffer[]): string[] {
  const messages: string[] = [];
  const reader = new FrameReader((message) => messages.push(message.toString('hex')));
  for (const chunk of chunks) {
    // The stream may use its memory again.
    const memory = Buffer.from(chunk);
    reader.write(memory);
    memory.fill(0xff);
  }
  return messages;
}

test('messages come out whole, wherever the stream is split', () => {
  const messages = ['first', '', 'x'.repeat(300), 'last'].map((text) => Buffer.from(text));
  const stream = Buffer.concat(messages.map(frame));
  const expected = messages.map((message) => message.toString('hex'));
  for (let split = 0; split <= stream.length; split += 1)
    expect(read([stream.subarray(0, split), stream.subarray(split)]), `${split}`).toEqual(expected);
  expect(read(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(expected);
});

test('messages come out whole in any chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 6 }),
      fc.array(fc.nat(4000), { maxLength: 10 }),
      (contents, cuts) => {
        const messages = contents.map((content) => Buffer.from(content));
        const stream = Buffer.concat(messages.map(frame));
        const places = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
        const chunks = places.slice(1).map((end, i) => stream.subarray(places[i], end));
        expect(read(chunks)).toEqual(messages.map((message) => message.toString('hex')));
      },
    ),
  );
});

test('the longest message goes through, and its length is two bytes before it', () => {
  const longest = Buffer.alloc(65_535, 7);
  expect(frame(longest).subarray(0, 3)).toEqual(Buffer.of(0xff, 0xff, 7));
  expect(read([frame(longest)])).toEqual([longest.toString('hex')]);
});

test('what is incomplete is kept back', () => {
  expect(read([Buffer.of(0, 3, 1, 2)])).toEqual([]);
  expect(read([Buffer.of(0)])).toEqual([]);
});
