import { once } from 'node:events';
import net from 'node:net';
import { Writable } from 'node:stream';
import { createInstance } from '@sluice/core';
import * as api from '@sluice/plugin-api';
import { afterEach, expect, it, vi } from 'vitest';
import { freePort } from '../peers/process.js';

type Api = typeof api;

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A connection that is cut off is closed as well. */
const closed = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => void socket.once('close', () => resolve()));

/** As npm installs it beside a command that has one of its own in its bundle. */
async function copyOfApi(): Promise<Api> {
  vi.resetModules();
  return import('@sluice/plugin-api');
}

/** Does by the copy alone whatever a handler can do with classes, symbols and errors of it. */
function pluginOf(copy: Api, seen: unknown[]): api.Plugin {
  const settings = copy.Type.Object({ mark: copy.Type.Optional(copy.Type.String()) });
  const key = copy.sessionKey<string>('mark');
  return copy.definePlugin({
    name: 'copied',
    version: '1.0.0',
    description: 'Made with another copy of the plugin API.',
    inbounds: {
      copied: copy.defineInbound<{ mark?: string }>({
        description: 'Refuses "x", and relays what begins otherwise until it reads "!".',
        schema: settings,
        networks: () => ['tcp'],
        create: (context) => ({
          async accept(link, session) {
            const dispatcher = context.get(copy.tokens.dispatcher);
            seen.push(dispatcher === context.dispatcher, context.get(copy.tokens.stats) === context.stats);
            const first = await link.reader.peek(1);
            if (String(first) === 'x') throw new copy.SluiceError('E_AUTH', 'no x here');
            link.push({
              decode: {
                write(chunk, emit) {
                  if (chunk.includes('!')) throw new copy.SluiceError('E_PROTOCOL', 'an exclamation mark');
                  emit(chunk);
                },
              },
            });
            session.set(key, context.settings.mark ?? '');
            const upstream = await dispatcher.connect(session, copy.destination('tcp', 'example.test', 80));
            const rate = new copy.TokenBucket(context.plane.timers, 1e9);
            dispatcher.relay(session, link, upstream, { uplink: new copy.Counter(), uplinkRate: rate });
          },
        }),
      }),
    },
    outbounds: {
      copied: copy.defineOutbound({
        description: 'Echoes, in memory.',
        schema: copy.Type.Object({}),
        create: ({ plane }) => ({
          connect: async (session) => {
            seen.push(session.get(key));
            const [near, far] = copy.connPair(plane);
            const echo = new copy.LinkDuplex(new copy.Link(far));
            echo.on('error', () => undefined);
            echo.pipe(echo);
            return new copy.Link(near);
          },
        }),
      }),
    },
  });
}

it('a plugin may bring a copy of the plugin API: its errors, links, codecs, timers and tokens are as good', async () => {
  const copy = await copyOfApi();
  expect(copy.SluiceError).not.toBe(api.SluiceError);
  expect(copy.Link).not.toBe(api.Link);
  expect(copy.tokens).not.toBe(api.tokens);
  const seen: unknown[] = [];
  let log = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  const port = await freePort();
  const instance = createInstance(
    {
      log: { loglevel: 'info' },
      inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'copied', settings: { mark: 'm' } }],
      outbounds: [{ tag: 'out', protocol: 'copied' }],
    },
    { plugins: [pluginOf(copy, seen)], logTargets: { access: sink, error: sink } },
  );
  closing.push(() => instance.close({ drainMs: 0 }));
  await instance.start();
  const client = async (): Promise<net.Socket> => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    closing.push(async () => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };

  const refused = await client();
  refused.write('x');
  refused.resume();
  await closed(refused);
  const talking = await client();
  talking.write('hello');
  expect(String((await once(talking, 'data'))[0])).toBe('hello');
  talking.write('!');
  await closed(talking);

  await expect.poll(() => log).toMatch(/code=E_AUTH/);
  await expect.poll(() => log).toMatch(/E_PROTOCOL: an exclamation mark/);
  expect(log).not.toContain('E_INTERNAL');
  expect(seen).toEqual([true, true, true, true, 'm']);
});
