import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, destination, SluiceError, type Inbound, type InboundContext, type Link } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { closed, connected, echoServer, made, NOTHING_LEFT, portOf } from '../instance.fixture.js';
import type { Instance } from '../instance.js';

async function nothingLeft(instance: Instance): Promise<void> {
  const { sessions, conns } = instance.dataPlane;
  while (instance.dataPlane.conns > 0 || instance.dataPlane.sessions > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await instance.close({ drainMs: 0 });
  expect(instance.dataPlane, `${conns} conns, ${sessions} sessions before`).toMatchObject(NOTHING_LEFT);
}

describe('a session', () => {
  it('can be ended in its handshake and in its relay, and tells when it is over', async () => {
    const { server, to } = await echoServer();
    const over: string[] = [];
    const reason = new SluiceError('E_TEST_ENOUGH', 'that was enough');
    const inbound = ({ dispatcher }: InboundContext): Inbound => ({
      accept: async (link, session) => {
        session.onEnd({ sessionEnded: ({ id }) => void over.push(`session ${id}`) });
        const [kind] = await link.reader.readExactly(1);
        if (kind === 0x68) session.end(reason);
        const upstream = await dispatcher.connect(session, to);
        const last = new (class extends Counter {
          override add(n: number): void {
            super.add(n);
            if (this.value > 4) session.end(reason);
          }
        })();
        dispatcher.relay(session, link, upstream, { uplink: last });
      },
    });
    const { instance, log } = made({ inbound });
    await instance.start();
    const early = connected(portOf(instance));
    early.write('h');
    await closed(early.resume());
    expect(over).toEqual(['session 1']);
    const late = connected(portOf(instance));
    late.write('rfour');
    expect(String((await once(late, 'data'))[0])).toBe('four');
    late.write('!');
    await closed(late);
    await nothingLeft(instance);
    expect(over).toEqual(['session 1', 'session 2']);
    expect(log().match(/\(E_TEST_ENOUGH: that was enough\)/g)).toHaveLength(2);
    server.close();
  });

  it('can be from somewhere else than its connection', async () => {
    const { server, to } = await echoServer();
    const inbound = ({ dispatcher }: InboundContext): Inbound => ({
      accept: async (link, session) => {
        session.comesFrom({ address: '192.0.2.1', port: 7 });
        dispatcher.relay(session, link, await dispatcher.connect(session, to));
      },
    });
    const { instance, log } = made({ inbound });
    await instance.start();
    const client = connected(portOf(instance));
    client.end();
    await closed(client.resume());
    await nothingLeft(instance);
    expect(log()).toMatch(/192\.0\.2\.1:7 accepted/);
    server.close();
  });

  it('forked and ended before its relay leaves the connection alone', async () => {
    const { server, to } = await echoServer();
    const inbound = ({ dispatcher }: InboundContext): Inbound => ({
      accept: async (link, session) => {
        const fork = session.fork();
        const spare = await dispatcher.connect(fork, to);
        spare.destroy();
        fork.end(new SluiceError('E_CLOSING', 'not needed'));
        fork.end(new SluiceError('E_CLOSING', 'not needed'));
        const again = session.fork();
        const dialling = dispatcher.connect(again, to);
        again.end(new SluiceError('E_CLOSING', 'not needed either'));
        await expect(dialling).rejects.toMatchObject({ code: 'E_CLOSING' });
        dispatcher.relay(session, link, await dispatcher.connect(session, to));
      },
    });
    const { instance, log } = made({ inbound });
    await instance.start();
    const client = connected(portOf(instance));
    client.write('still here');
    expect(String((await once(client, 'data'))[0])).toBe('still here');
    client.end();
    await closed(client);
    await nothingLeft(instance);
    expect(log().match(/accepted|rejected/g)).toEqual(['accepted']);
    server.close();
  });
});

describe('a session of a plugin', () => {
  it('connects without a client, and is given up by closing it or the instance', async () => {
    const { server, to } = await echoServer();
    let context: InboundContext | undefined;
    const { instance, log } = made({
      inbound: (given) => {
        context = given;
        return {};
      },
    });
    await instance.start();
    const as = { inboundTag: 'in0', inboundProtocol: 'test' };
    const session = context!.dispatcher.originate(as);
    const link: Link = await context!.dispatcher.connect(session, to);
    session.close();
    link.write(Buffer.from('ping'));
    expect((await link.reader.readExactly(4)).toString()).toBe('ping');
    link.destroy();

    const given = context!.dispatcher.originate(as);
    const dialling = context!.dispatcher.connect(given, to);
    given.close();
    await expect(dialling).rejects.toMatchObject({ code: 'E_CLOSING' });
    const left = context!.dispatcher.originate(as);
    let isOver = false;
    left.onEnd({ sessionEnded: () => (isOver = true) });
    await nothingLeft(instance);
    expect(isOver).toBe(true);
    expect(log()).not.toMatch(/accepted|rejected/);
    server.close();
  });
});

describe('a Unix socket', () => {
  it('is reached by configuration, and not by a client', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'unix-'));
    const path = join(folder, 's.sock');
    const server = net.createServer((socket) => socket.end('inside')).listen(path);
    await once(server, 'listening');
    const inbound = ({ dispatcher }: InboundContext): Inbound => ({
      accept: async (link, session) => {
        const [kind] = await link.reader.readExactly(1);
        const options = { byConfiguration: kind === 0x63 };
        dispatcher.relay(session, link, await dispatcher.connect(session, destination('tcp', path, 0), options));
      },
    });
    const { instance, log } = made({ inbound });
    await instance.start();
    const heard = async (kind: string): Promise<string> => {
      const client = connected(portOf(instance));
      client.end(kind);
      let text = '';
      for await (const chunk of client) text += String(chunk);
      return text;
    };
    expect(await heard('x')).toBe('');
    expect(await heard('c')).toBe('inside');
    await nothingLeft(instance);
    expect(log()).toMatch(/E_ADDRESS_INVALID/);
    server.close();
    await rm(folder, { recursive: true });
  });
});
