import { expect, test } from 'vitest';
import { EventStream } from './event-stream.js';

async function collect(stream: EventStream<number>, signal: AbortSignal): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of stream.until(signal)) seen.push(event);
  return seen;
}

test('gives what has come and what comes, in order, until the signal', async () => {
  const stream = new EventStream<number>(10);
  const end = new AbortController();
  stream.push(1);
  const seen = collect(stream, end.signal);
  stream.push(2);
  await new Promise((resolve) => setImmediate(resolve));
  stream.push(3);
  await new Promise((resolve) => setImmediate(resolve));
  end.abort();
  expect(await seen).toEqual([1, 2, 3]);
});

test('loses the newest beyond its bound, and goes on', async () => {
  const stream = new EventStream<number>(2);
  for (let i = 0; i < 5; i += 1) stream.push(i);
  const end = new AbortController();
  const events = stream.until(end.signal);
  expect((await events.next()).value).toBe(0);
  expect((await events.next()).value).toBe(1);
  stream.push(9);
  expect((await events.next()).value).toBe(9);
  const last = events.next();
  end.abort();
  expect((await last).done).toBe(true);
});

test('is over at once where the signal was given before', async () => {
  expect(await collect(new EventStream(1), AbortSignal.abort())).toEqual([]);
});
