import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { DataPlane, destination, Link, SluiceError } from '@sluice/plugin-api';
import { expect, test, vi } from 'vitest';
import { ConnCarrier } from './conn-carrier.js';
import { frameStatus } from './frame.js';
import { decodeFrames, frameBytes } from './frames.fixture.js';
import { MuxConnection } from './mux-connection.js';
import { SeenBytes } from './mux-pair.fixture.js';

const here = { address: '127.0.0.1', port: 1 };
const there = { address: '192.0.2.1', port: 2 };
const web = destination('tcp', 'web.example', 80);

function carried() {
  const carrier = new ConnCarrier(here, there);
  const onClosed = vi.fn<(error: SluiceError | undefined) => void>();
  const mux = new MuxConnection(new DataPlane(), carrier, { onClosed });
  mux.begin();
  return { carrier, mux, onClosed };
}

test('keeps what is sent before anybody reads, and tells when it was read', async () => {
  const { carrier, mux } = carried();
  const link = new Link(carrier);
  const conn = mux.openConn(web);
  const inner = new SeenBytes(conn);
  const body = randomBytes(100_000);
  expect(conn.write(body)).toBe(false);
  expect(mux.blocked).toBe(true);
  expect(link.reader.buffered.length).toBe(0);
  const outer = new SeenBytes(carrier);
  await inner.until(({ drains }) => drains === 1);
  expect(mux.blocked).toBe(false);
  expect(conn.write(Buffer.from('more'))).toBe(true);
  const data = decodeFrames([outer.bytes]).map((frame) => frame.data ?? Buffer.alloc(0));
  expect(Buffer.concat(data).equals(Buffer.concat([body, Buffer.from('more')]))).toBe(true);
  expect(carrier.bytesRead).toBe(outer.length);
  expect([conn.local, conn.remote]).toEqual([here, there]);
});

test('gives a chunk away that its reader pauses in', () => {
  const { carrier, mux } = carried();
  const kept: Buffer[] = [];
  carrier.attach({
    onData: (chunk) => {
      kept.push(chunk);
      carrier.pause();
    },
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: () => undefined,
  });
  carrier.resume();
  const conn = mux.openConn(web);
  const body = randomBytes(10_000);
  expect(conn.write(body)).toBe(false);
  conn.write(randomBytes(10_000));
  expect(decodeFrames(kept)[0]?.data?.equals(body)).toBe(true);
});

test('its end is the end of all, in order', async () => {
  const { carrier, mux, onClosed } = carried();
  const [outer, inner] = [new SeenBytes(carrier), new SeenBytes(mux.openConn(web))];
  carrier.end();
  expect(onClosed).toHaveBeenCalledExactlyOnceWith(undefined);
  await outer.until(({ closed }) => closed);
  expect([outer.ended, outer.error, carrier.destroyed]).toEqual([true, undefined, true]);
  await inner.until(({ closed }) => closed);
  expect(inner.error).toMatchObject({ code: 'E_CONN_CLOSED' });
});

test.each([
  ['destroy', undefined, undefined],
  ['reset', undefined, 'E_CONN_RESET'],
  ['destroy', new SluiceError('E_CLOSING', 'test'), 'E_CLOSING'],
] as const)('a %s from outside with %s is told inside', async (how, error, code) => {
  const { carrier, onClosed } = carried();
  const outer = new SeenBytes(carrier);
  carrier[how](error);
  carrier[how](error);
  await outer.until(({ closed }) => closed);
  expect(outer.error).toBe(error);
  expect(onClosed).toHaveBeenCalledOnce();
  expect(onClosed.mock.calls[0]?.[0]?.code).toBe(code);
});

test('ends for its reader behind all that was sent', async () => {
  const { carrier, mux, onClosed } = carried();
  mux.keepAlive();
  mux.finish();
  expect(onClosed).toHaveBeenCalledExactlyOnceWith(undefined);
  const outer = new SeenBytes(carrier);
  await outer.until(({ ended }) => ended);
  expect(decodeFrames([outer.bytes])).toMatchObject([{ status: frameStatus.keepAlive }]);
  expect(outer.closed).toBe(false);
  carrier.end();
  await outer.until(({ closed }) => closed);
  expect(outer.error).toBeUndefined();
});

test('junk closes it with E_PROTOCOL', async () => {
  const { carrier, onClosed } = carried();
  const outer = new SeenBytes(carrier);
  expect(carrier.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe(true);
  await outer.until(({ closed }) => closed);
  expect(outer.error).toMatchObject({ code: 'E_PROTOCOL' });
  expect(onClosed.mock.calls[0]?.[0]).toMatchObject({ code: 'E_PROTOCOL' });
  expect(carrier.write(frameBytes({ id: 1, status: frameStatus.keep }))).toBe(true);
});

test('whoever writes waits while a stream does not take its bytes', async () => {
  const { carrier, mux } = carried();
  const outer = new SeenBytes(carrier);
  const inner = new SeenBytes(mux.openConn(web), false);
  const frame = frameBytes({ id: 1, status: frameStatus.keep }, randomBytes(60_000));
  let written = 0;
  while (carrier.write(frame)) written += 60_000;
  expect(written).toBeGreaterThan(900_000);
  expect(written).toBeLessThan(1_200_000);
  expect([mux.paused, outer.drains]).toEqual([true, 0]);
  inner.resume();
  await outer.until(({ drains }) => drains === 1);
  expect(mux.paused).toBe(false);
  expect(inner.length).toBe(written + 60_000);
  mux.close(new SluiceError('E_CLOSING', 'test'));
  await outer.until(({ closed }) => closed);
});
