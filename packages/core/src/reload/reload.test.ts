import { once } from 'node:events';
import net from 'node:net';
import { Writable } from 'node:stream';
import { loadObject, type SluiceConfig } from '@sluice/config';
import {
  defineInbound,
  defineOutbound,
  definePlugin,
  defineService,
  parseDestination,
  SluiceError,
  Type,
  type Inbound,
  type Plugin,
} from '@sluice/plugin-api';
import { afterEach, describe, expect, it } from 'vitest';
import { corePlugin } from '../core-plugin.js';
import { closed, connected, echoServer, freePort, NOTHING_LEFT } from '../instance.fixture.js';
import { Instance } from '../instance.js';

interface GateSettings {
  readonly name: string;
  readonly to: string;
  readonly fails?: boolean;
  readonly users?: readonly string[];
}

/** What handlers did, in order: "start a", "close a". */
const events: string[] = [];
const running: { instance: Instance; server: net.Server }[] = [];

/** Says its name, asks for the user's, and leads the client on. */
const gate = defineInbound<GateSettings>({
  description: 'A test.',
  schema: Type.Object({
    name: Type.String(),
    to: Type.String(),
    fails: Type.Optional(Type.Boolean()),
    users: Type.Optional(Type.Array(Type.String())),
  }),
  networks: () => ['tcp'],
  create: ({ settings, dispatcher }): Inbound & { readonly names: readonly string[] } => ({
    names: settings.users ?? [],
    start() {
      if (settings.fails === true) throw new SluiceError('E_TEST_FAILS', 'it was told to');
      events.push(`start ${settings.name}`);
    },
    succeed(previous) {
      const { names } = previous as unknown as { names: readonly string[] };
      return names.filter((name) => !(settings.users ?? []).includes(name));
    },
    close: () => void events.push(`close ${settings.name}`),
    async accept(link, session) {
      link.write(Buffer.from(`${settings.name}\n`));
      const email = String(await link.reader.readUntil('\n')).trim();
      session.user = { email, level: 0 };
      const upstream = await dispatcher.connect(session, parseDestination('tcp', settings.to));
      dispatcher.relay(session, link, upstream);
    },
  }),
});

const plugin: Plugin = definePlugin({
  name: 'test',
  version: '0.0.0',
  description: 'For tests.',
  inbounds: { gate },
  outbounds: {
    direct: defineOutbound<{ name?: string }>({
      description: 'A test.',
      schema: Type.Object({ name: Type.Optional(Type.String()) }),
      create: ({ settings, dialer }) => ({
        connect: (session, to) => dialer.dial(session, to),
        close: () => void events.push(`close ${settings.name ?? 'direct'}`),
      }),
    }),
    dead: defineOutbound({
      description: 'A test.',
      schema: Type.Object({}),
      create: () => ({ connect: () => Promise.reject(new SluiceError('E_BLOCKED', 'dead')) }),
    }),
  },
  services: {
    bell: defineService<{ name: string; fails?: boolean }>({
      description: 'A test.',
      schema: Type.Object({ name: Type.String(), fails: Type.Optional(Type.Boolean()) }),
      outboundTags: () => ['bell'],
      create: ({ settings }) => ({
        outbounds: { bell: { connect: () => Promise.reject(new SluiceError('E_TEST_RUNG', settings.name)) } },
        start() {
          if (settings.fails === true) throw new SluiceError('E_TEST_FAILS', 'it was told to');
          events.push(`start ${settings.name}`);
        },
        close: () => void events.push(`close ${settings.name}`),
      }),
    }),
  },
});

const plugins = [corePlugin, plugin];

type Draft = Record<string, unknown>;

/** A running instance, and a way to give it another configuration. */
async function started(first: (to: string) => Draft | Promise<Draft>): Promise<{
  readonly instance: Instance;
  readonly to: string;
  readonly log: () => string;
  readonly become: (next: Draft) => ReturnType<Instance['reload']>;
}> {
  const { server, to: echo } = await echoServer();
  const to = `${echo.host}:${echo.port}`;
  const chunks: Buffer[] = [];
  const memory = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  const read = (draft: Draft): SluiceConfig => {
    const { config, diagnostics } = loadObject(draft, { plugins });
    if (config === undefined) throw new SluiceError('E_CONFIG_INVALID', JSON.stringify(diagnostics));
    return config;
  };
  let next: Draft = {};
  const instance = new Instance(read(await first(to)), {
    plugins,
    logTargets: { error: memory, access: memory },
    source: () => Promise.resolve().then(() => ({ config: read(next), plugins })),
  });
  await instance.start();
  running.push({ instance, server });
  return {
    instance,
    to,
    log: () => Buffer.concat(chunks).toString(),
    become: (draft) => {
      next = draft;
      return instance.reload();
    },
  };
}

const gateAt = (tag: string, port: number, settings: object): Draft => ({
  tag,
  port,
  listen: '127.0.0.1',
  protocol: 'gate',
  settings: { name: tag, ...settings },
});

/** Greeted, named, and led on: what it writes comes back. */
async function client(port: number, name = 'ann'): Promise<{ socket: net.Socket; greeting: string }> {
  const socket = connected(port);
  const greeting = String((await once(socket, 'data'))[0]).trim();
  socket.write(`${name}\nhello`);
  expect(String((await once(socket, 'data'))[0])).toBe('hello');
  return { socket, greeting };
}

async function answers(socket: net.Socket): Promise<void> {
  socket.write('still there?');
  expect(String((await once(socket, 'data'))[0])).toBe('still there?');
}

const happened = async (event: string): Promise<void> => expect.poll(() => events).toContain(event);

afterEach(async () => {
  for (const { instance, server } of running.splice(0)) {
    await instance.close({ drainMs: 0 });
    expect(instance.dataPlane).toMatchObject(NOTHING_LEFT);
    server.close();
  }
  events.length = 0;
});

describe('a reload', () => {
  it('keeps what did not change, with its connections, and opens and closes the rest', async () => {
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    const { to, become, instance } = await started((to) => ({
      inbounds: [gateAt('a', a, { to }), gateAt('b', b, { to })],
      outbounds: [{ protocol: 'direct', tag: 'out' }],
    }));
    const [kept, leaving] = [await client(a), await client(b)];
    const report = await become({
      inbounds: [gateAt('a', a, { to }), gateAt('c', c, { to })],
      outbounds: [{ protocol: 'direct', tag: 'out' }],
    });
    expect(report).toEqual({ added: ['inbound c'], removed: ['inbound b'], replaced: [], kept: 2, ended: 0 });
    expect(instance.inbounds.map(({ tag }) => tag)).toEqual(['a', 'c']);
    expect((await client(c)).greeting).toBe('c');
    expect((await client(a)).greeting).toBe('a');
    const refused = connected(b);
    expect(((await once(refused, 'error')) as [NodeJS.ErrnoException])[0].code).toBe('ECONNREFUSED');
    await answers(kept.socket);
    // Its inbound is gone, but it may come to its own end.
    await answers(leaving.socket);
    expect(events).not.toContain('close b');
    leaving.socket.end();
    await happened('close b');
    expect(events).not.toContain('close a');
  });

  it('gives a changed inbound the port of the one before, and refuses nobody meanwhile', async () => {
    const port = await freePort();
    const draft = (name: string, to: string): Draft => ({
      inbounds: [{ ...gateAt('in', port, { to, name }) }],
      outbounds: [{ protocol: 'direct', tag: 'out' }],
    });
    const { to, become } = await started((to) => draft('old', to));
    const before = await client(port);
    expect(before.greeting).toBe('old');
    // Accepted by the kernel before, during and after the change.
    const crowd = Array.from({ length: 50 }, () => client(port));
    const report = await become(draft('new', to));
    expect(report.replaced).toEqual(['inbound in']);
    const late = await client(port);
    expect(late.greeting).toBe('new');
    const greetings = await Promise.all(crowd);
    expect(greetings.every(({ greeting }) => greeting === 'old' || greeting === 'new')).toBe(true);
    await answers(before.socket);
    for (const { socket } of [...greetings, before]) socket.end();
    await happened('close old');
    await answers(late.socket);
  });

  it('lets inbounds change their ports and tags among themselves', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const outbounds = [{ protocol: 'direct', tag: 'out' }];
    const { to, become } = await started((to) => ({
      inbounds: [gateAt('a', a, { to }), gateAt('b', b, { to })],
      outbounds,
    }));
    const { socket } = await client(a);
    await become({ inbounds: [gateAt('b', a, { to }), gateAt('a', b, { to })], outbounds });
    expect([(await client(a)).greeting, (await client(b)).greeting]).toEqual(['b', 'a']);
    const report = await become({ inbounds: [gateAt('c', a, { to }), gateAt('a', b, { to })], outbounds });
    expect(report).toMatchObject({ added: ['inbound c'], removed: ['inbound b'] });
    expect([(await client(a)).greeting, (await client(b)).greeting]).toEqual(['c', 'a']);
    await answers(socket);
  });

  it('lets an inbound listen on more or fewer addresses of its port, and goes back if it cannot', async () => {
    const port = await freePort();
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const outbounds = [{ protocol: 'direct', tag: 'out' }];
    const { to, become } = await started((to) => ({ inbounds: [gateAt('in', port, { to })], outbounds }));
    const { socket } = await client(port);
    const wide = { ...gateAt('in', port, { to, name: 'wide' }), listen: '0.0.0.0' };
    const other = gateAt('other', (taken.address() as net.AddressInfo).port, { to });
    await expect(become({ inbounds: [wide, other], outbounds })).rejects.toMatchObject({ code: 'E_LISTEN_IN_USE' });
    expect((await client(port)).greeting).toBe('in');
    await become({ inbounds: [wide], outbounds });
    expect((await client(port)).greeting).toBe('wide');
    await become({ inbounds: [gateAt('in', port, { to, name: 'narrow' })], outbounds });
    expect((await client(port)).greeting).toBe('narrow');
    await answers(socket);
    taken.close();
  });

  it('changes nothing if something of the new cannot start', async () => {
    const [a, b, taken] = [await freePort(), await freePort(), net.createServer().listen(0, '127.0.0.1')];
    await once(taken, 'listening');
    const { to, become, instance } = await started((to) => ({
      inbounds: [gateAt('a', a, { to })],
      outbounds: [{ protocol: 'direct', tag: 'out', settings: { name: 'old' } }],
      bell: { name: 'ding' },
    }));
    const { socket } = await client(a);
    const outbounds = [
      { protocol: 'direct', tag: 'out', settings: { name: 'changed' } },
      { protocol: 'direct', tag: 'more', settings: { name: 'more' } },
    ];
    const { port } = taken.address() as net.AddressInfo;
    const bad: [Draft, string][] = [
      [{ inbounds: [gateAt('b', b, { to }), gateAt('t', port, { to })], outbounds }, 'E_LISTEN_IN_USE'],
      [
        { inbounds: [gateAt('b', b, { to }), gateAt('a', a, { to, fails: true, name: 'other' })], outbounds },
        'E_TEST_FAILS',
      ],
      [{ inbounds: [gateAt('b', b, { to })], outbounds, bell: { name: 'dong', fails: true } }, 'E_TEST_FAILS'],
      [{ inbounds: [{ protocol: 'gate' }], outbounds }, 'E_CONFIG_INVALID'],
    ];
    for (const [draft, code] of bad) {
      events.length = 0;
      await expect(become(draft)).rejects.toMatchObject({ code });
      expect(instance.inbounds.map(({ tag }) => tag)).toEqual(['a']);
      expect(instance.control.outbounds().map(({ tag }) => tag)).toEqual(['out']);
      await answers(socket);
      expect((await client(a)).greeting).toBe('a');
      expect(((await once(connected(b), 'error')) as [NodeJS.ErrnoException])[0].code).toBe('ECONNREFUSED');
      expect(events).not.toContain('close old');
      expect(events).not.toContain('close a');
      // Whatever was begun has ended, and the service that had to make way is back.
      const begun = events.filter((event) => event.startsWith('start')).map((event) => event.slice(6));
      const ended = events.filter((event) => event.startsWith('close')).map((event) => event.slice(6));
      expect(begun.filter((name) => name !== 'ding').filter((name) => !ended.includes(name))).toEqual([]);
      expect(begun.includes('ding')).toBe(ended.includes('ding'));
    }
    taken.close();
  });

  it('ends the connections of users who are gone, and no others', async () => {
    const port = await freePort();
    const draft = (users: readonly string[], to: string): Draft => ({
      inbounds: [gateAt('in', port, { to, users })],
      outbounds: [{ protocol: 'direct', tag: 'out' }],
    });
    const { to, become, log } = await started((to) => ({ ...draft(['ann', 'bob'], to), log: { loglevel: 'info' } }));
    const [ann, bob] = [await client(port, 'ann'), await client(port, 'bob')];
    const gone = closed(bob.socket);
    const report = await become({ ...draft(['ann'], to), log: { loglevel: 'info' } });
    expect(report.ended).toBe(1);
    await gone;
    await answers(ann.socket);
    expect(log()).toMatch(/email: bob .*E_AUTH/);
  });

  it('routes new connections by the new rules and outbounds, old ones stay where they are', async () => {
    const port = await freePort();
    const draft = (outbounds: readonly Draft[], to: string): Draft => ({
      inbounds: [gateAt('in', port, { to })],
      outbounds,
    });
    const { to, become } = await started((to) => draft([{ protocol: 'direct', tag: 'out' }], to));
    const { socket } = await client(port);
    const report = await become(draft([{ protocol: 'dead', tag: 'out' }], to));
    expect(report.replaced).toEqual(['outbound out']);
    const refused = connected(port);
    await once(refused, 'data');
    const gone = closed(refused);
    refused.write('ann\nhello');
    await gone;
    await answers(socket);
    expect(events).not.toContain('close direct');
    socket.end();
    await happened('close direct');
  });

  it('makes changes one after the other, and none once the instance closes', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const { to, instance } = await started((to) => ({
      inbounds: [gateAt('a', a, { to })],
      outbounds: [{ protocol: 'direct', tag: 'out' }],
    }));
    const { control } = instance;
    const added = await Promise.allSettled([
      control.addInbound(gateAt('b', b, { to })),
      control.addInbound(gateAt('b', b, { to })),
    ]);
    expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(added[1]).toMatchObject({ reason: { code: 'E_EXISTS' } });
    await expect(control.removeInbound('c')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(control.removeOutbound('out')).rejects.toMatchObject({ code: 'E_IN_USE' });
    await expect(control.addInbound({ protocol: 'gate', port: 1 })).rejects.toMatchObject({ code: 'E_CONFIG_INVALID' });
    await control.addOutbound({ protocol: 'dead', tag: 'spare' });
    await control.removeInbound('a');
    expect(control.inbounds().map(({ tag }) => tag)).toEqual(['b']);
    expect((await client(b)).greeting).toBe('b');
    const closing = instance.close({ drainMs: 0 });
    await expect(control.removeInbound('b')).rejects.toMatchObject({ code: 'E_LIFECYCLE' });
    await closing;
  });
});

describe('control', () => {
  it('shows sessions and their traffic, ends them, and tells of ends, dials and routes', async () => {
    const port = await freePort();
    const { instance, to } = await started((to) => ({
      inbounds: [gateAt('in', port, { to })],
      outbounds: [
        { protocol: 'direct', tag: 'out' },
        { protocol: 'dead', tag: 'dead' },
      ],
      routing: { rules: [{ type: 'field', user: ['eve'], outboundTag: 'dead' }] },
    }));
    const { control } = instance;
    const told: string[] = [];
    const endings = [
      control.onSessionEnd(({ user }, error) => told.push(`end ${user?.email} ${error?.code ?? '-'}`)),
      control.onDial(({ outboundTag, error }) => told.push(`dial ${outboundTag} ${error?.code ?? '-'}`)),
      control.onRoute(({ outboundTag, ruleIndex }) => told.push(`route ${outboundTag} ${ruleIndex ?? '-'}`)),
    ];
    const { socket } = await client(port);
    const [session] = [...control.sessions()];
    expect(session).toMatchObject({ inboundTag: 'in', outboundTag: 'out', uplink: 5, downlink: 5, network: 'tcp' });
    expect(control.session(session?.id ?? -1)).toBe(session);
    expect(control.traffic()).toEqual({ uplink: 5, downlink: 5 });
    const gone = closed(socket);
    session?.end(new SluiceError('E_TEST_ENOUGH', 'enough'));
    await gone;
    expect([...control.sessions()]).toEqual([]);
    expect(control.traffic()).toEqual({ uplink: 5, downlink: 5 });
    const eve = connected(port);
    await once(eve, 'data');
    const eveGone = closed(eve);
    eve.write('eve\n');
    await eveGone;
    expect(told).toEqual([
      'route out -',
      'dial out -',
      'end ann E_TEST_ENOUGH',
      'route dead 0',
      'dial dead E_BLOCKED',
      'end eve E_BLOCKED',
    ]);
    for (const end of endings) end();
    await client(port);
    expect(told).toHaveLength(6);
    const question = { inboundTag: 'in', network: 'tcp' as const, target: parseDestination('tcp', to) };
    expect(await control.route({ ...question, user: { email: 'eve', level: 0 } })).toEqual({
      outboundTag: 'dead',
      balancerTag: undefined,
      ruleIndex: 0,
    });
    expect(await control.route(question)).toMatchObject({ outboundTag: 'out', ruleIndex: undefined });
  });
});
