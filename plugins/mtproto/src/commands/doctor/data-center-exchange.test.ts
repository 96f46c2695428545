import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { parseDestination } from '@sluice/plugin-api';
import { answerPqRequest, decodePqRequest, encodeFrame, FrameDecoder, openHeader, startFakeDc } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { like } from './expected.fixture.js';
import { askDataCenter, type DataCenterAnswer } from './data-center-exchange.js';
import { DirectNetwork } from './direct-network.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function ask(address: string, dc: number): Promise<DataCenterAnswer> {
  const link = await new DirectNetwork().connect(parseDestination('tcp', address), new AbortController().signal);
  try {
    return await askDataCenter(link, dc);
  } finally {
    link.destroy();
  }
}

/** A server that answers the request with what the test makes of it. */
async function serverThat(answer: (request: Buffer) => Buffer): Promise<string> {
  const server = net.createServer((socket) => {
    const got: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      got.push(chunk);
      const all = Buffer.concat(got);
      if (all.length < 64) return;
      const stream = openHeader(all.subarray(0, 64));
      const [frame] = new FrameDecoder('padded').push(stream.decrypt(all.subarray(64)));
      if (frame !== undefined) socket.write(stream.encrypt(answer(frame.payload)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.close();
    await once(server, 'close');
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function padded(payload: Buffer): Buffer {
  return encodeFrame('padded', payload, { padding: Buffer.alloc(3) });
}

describe('the question to a data centre', () => {
  it.each([2, -4, 203, 10_002, -32_768])('is understood by data centre %i, whose answer tells the time', async (dc) => {
    const server = await startFakeDc();
    cleanups.push(() => server.close());
    const before = Date.now();
    const answer = await ask(server.address, dc);
    expect(answer.serverTime).toBeGreaterThanOrEqual(before - 1);
    expect(answer.serverTime).toBeLessThanOrEqual(Date.now());
    const seen = await server.nextConnection();
    expect([seen.dc, seen.tag]).toEqual([dc, 'padded']);
    expect(await seen.nextRequest()).toMatchObject({ method: 'req_pq_multi', quickAck: false });
  });

  it('is answered with padding or without', async () => {
    const answerOf = (request: Buffer): Buffer => answerPqRequest(decodePqRequest(request)!, 1n);
    for (const padding of [0, 1, 15]) {
      const server = await serverThat((request) =>
        encodeFrame('padded', answerOf(request), { padding: Buffer.alloc(padding) }),
      );
      expect((await ask(server, 1)).serverTime).toBeGreaterThan(0);
    }
  });

  it.each([
    [
      'the answer to another question',
      () => padded(answerPqRequest({ method: 'req_pq', nonce: Buffer.alloc(16) }, 1n)),
      /not as a Telegram/,
    ],
    ['what it was sent', (request: Buffer) => padded(request), /not as a Telegram/],
    ['an error', () => Buffer.from('04000000' + '6cfeffff', 'hex'), /error -404/],
    ['a padded error', () => Buffer.from('07000000' + '6cfeffff' + '010203', 'hex'), /error -404/],
    ['nothing in a frame', () => Buffer.alloc(4), /not as a Telegram/],
    ['a frame that is too long', () => Buffer.from('01040000', 'hex'), /not as a Telegram/],
    ['an enciphered message', () => padded(Buffer.alloc(64, 1)), /not as a Telegram/],
  ])('is not answered by %s', async (_, answer, reason) => {
    const server = await serverThat(answer);
    await expect(ask(server, 2)).rejects.toMatchObject({ code: 'E_PROTOCOL', message: like(reason) });
  });

  it('is not answered by who closes', async () => {
    const server = await startFakeDc({ mode: 'sink' });
    cleanups.push(() => server.close());
    const asked = ask(server.address, 2);
    (await server.nextConnection()).destroy();
    await expect(asked).rejects.toMatchObject({ code: like(/^E_CONN_/) });
  });
});
