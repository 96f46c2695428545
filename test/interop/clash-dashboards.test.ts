import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort, untilListening } from '../peers/process.js';
import { ClashClient } from './clash-client.js';
import {
  configShape,
  connectionShape,
  connectionsShape,
  dnsShape,
  historyShape,
  logShape,
  memoryShape,
  proxyShape,
  ruleShape,
  trafficShape,
  versionShape,
} from './clash-shapes.js';
import { dial, door, serve, Started, startProgram, type Program, type Server } from './program.fixture.js';

interface Connection {
  readonly id: string;
  readonly chains: readonly string[];
  readonly metadata: { readonly sourcePort: string };
}

type Proxies = Record<string, { type: string; now: string; all?: string[]; hidden: boolean; history: unknown[] }>;

// The dashboards are pages that the tests cannot fetch. What they ask for, and in which order, is replayed here.
describe('the program and what dashboards ask of it', () => {
  const started = new Started();
  const secret = 'of the tests & more';
  let echo: Server;
  let web: Server;
  let program: Program;
  let port: number;
  let client: ClashClient;

  beforeAll(async () => {
    echo = started.add(await serve((socket) => void socket.pipe(socket)));
    web = started.add(
      await serve((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
      }),
    );
    port = await freePort();
    program = started.add(
      await startProgram({
        log: { loglevel: 'debug' },
        inbounds: [door('door', echo.port), door('pinned', echo.port), { tag: 'socks', protocol: 'socks' }],
        outbounds: [
          { tag: 'direct', protocol: 'freedom' },
          { tag: 'out-1', protocol: 'freedom' },
          { tag: 'out-2', protocol: 'freedom' },
          { tag: 'blocked', protocol: 'blackhole' },
        ],
        routing: {
          balancers: [
            { tag: 'any', selector: ['out-'] },
            { tag: 'best', selector: ['out-'], strategy: { type: 'leastPing' }, fallbackTag: 'direct' },
          ],
          rules: [{ type: 'field', inboundTag: ['pinned'], balancerTag: 'any' }],
        },
        observatory: { subjectSelector: ['out-1'], probeURL: `http://127.0.0.1:${web.port}/`, probeInterval: '1s' },
        clashApi: { 'external-controller': `127.0.0.1:${port}`, secret },
      }),
    );
    await untilListening(port);
  });

  afterEach(() => client.close());
  afterAll(() => started.close());

  const testUrl = (): string => encodeURIComponent(`http://127.0.0.1:${web.port}/generate_204`);

  async function get(path: string): Promise<unknown> {
    const { status, body } = await client.ask('GET', path);
    expect([path, status]).toEqual([path, 200]);
    return body;
  }

  /** An open connection through an inbound, and how the dashboard knows it. */
  async function connect(tag: string) {
    const { socket, clientPort, closed } = await dial(program.port(tag));
    socket.resume().on('end', () => socket.end());
    socket.write('hello');
    let found: Connection | undefined;
    await expect
      .poll(async () => {
        const { connections } = (await get('connections')) as { connections: Connection[] };
        found = connections.find(({ metadata }) => metadata.sourcePort === String(clientPort));
        return found;
      })
      .toEqual(connectionShape);
    return { socket, closed, clientPort, connection: found! };
  }

  describe('metacubexd', () => {
    const origin = 'https://metacubex.github.io';

    it('finds the backend and opens the overview', async () => {
      client = new ClashClient(port, secret, origin);
      expect(await get('version')).toEqual(versionShape);
      const [connections, traffic, memory, logs] = [
        await client.stream('connections'),
        await client.stream('traffic'),
        await client.stream('memory'),
        await client.stream('logs', { level: 'info' }),
      ];
      expect(await connections.next()).toEqual(connectionsShape);
      expect(await traffic.next()).toEqual(trafficShape);
      expect(await memory.next()).toEqual(memoryShape);
      const { socket, closed } = await connect('door');
      const withOne = await connections.find(({ connections: list }: { connections: unknown[] }) => list.length > 0);
      expect((withOne as { connections: unknown[] }).connections).toEqual([connectionShape]);
      socket.end();
      await closed;
      const line = await logs.find(({ payload }: { payload: string }) => payload.startsWith('[TCP] '));
      expect(line).toEqual(logShape);
      expect(line).toMatchObject({
        payload: expect.stringMatching(/ --> 127\.0\.0\.1:\d+ match Match using direct$/) as string,
      });
    });

    it('opens the proxies, chooses, and tests', async () => {
      client = new ClashClient(port, secret, origin);
      const providers = (await get('providers/proxies')) as { providers: object };
      expect(Object.values(providers.providers)).toEqual([]);
      const list = async (): Promise<Proxies> => ((await get('proxies')) as { proxies: Proxies }).proxies;
      const proxies = await list();
      for (const proxy of Object.values(proxies)) expect(proxy).toEqual(proxyShape);
      // Its list of groups: those that have members, in the order of GLOBAL's.
      expect(Object.keys(proxies).filter((name) => proxies[name]?.all?.length && !proxies[name].hidden)).toEqual([
        'GLOBAL',
        'any',
        'best',
      ]);
      expect(proxies.GLOBAL?.all?.[0]).toBe('any');
      expect(proxies.any?.all).toEqual(['any (random)', 'out-1', 'out-2']);

      // As the dashboard sends it: JSON without saying so.
      expect((await client.ask('PUT', 'proxies/any', { name: 'out-2' })).status).toBe(204);
      expect((await list()).any?.now).toBe('out-2');
      for (let i = 0; i < 4; i += 1) {
        const { socket, closed, connection } = await connect('pinned');
        expect(connection.chains).toEqual(['out-2', 'any']);
        socket.end();
        await closed;
      }
      const delays = await get(`group/any/delay?url=${testUrl()}&timeout=5000`);
      expect(delays).toEqual({ 'out-1': expect.any(Number) as number, 'out-2': expect.any(Number) as number });
      expect(await get(`proxies/direct/delay?url=${testUrl()}&timeout=5000`)).toEqual({
        delay: expect.any(Number) as number,
      });
      const after = await list();
      for (const name of ['direct', 'out-2']) expect(after[name]?.history).toEqual([historyShape]);
      // Its tests and the observatory's probes.
      await expect
        .poll(async () => (await list())['out-1']?.history.length, { timeout: 10_000 })
        .toBeGreaterThanOrEqual(2);
      expect((await list())['best (leastPing)']).toMatchObject({ type: 'URLTest', now: 'out-1', hidden: true });
      expect(after.any?.now).toBe('out-2');
      expect((await client.ask('PUT', 'proxies/any', { name: 'any (random)' })).status).toBe(204);
      expect((await list()).any?.now).toBe('any (random)');
    });

    it('opens the rules and the settings', async () => {
      client = new ClashClient(port, secret, origin);
      const { rules } = (await get('rules')) as { rules: Record<string, unknown> };
      for (const rule of Object.values(rules)) expect(rule).toEqual(ruleShape);
      expect(Object.values(rules)).toMatchObject([
        { type: 'InName', payload: 'pinned', proxy: 'any' },
        { type: 'Match', proxy: 'direct' },
      ]);
      expect(await get('providers/rules')).toEqual({ providers: {} });
      expect(await get('configs')).toEqual(configShape);
      expect((await client.ask('PATCH', 'configs', { mode: 'rule' })).status).toBe(204);
      expect((await client.ask('PATCH', 'configs', { 'allow-lan': true })).status).toBe(400);
      for (const action of ['cache/fakeip/flush', 'cache/dns/flush']) {
        expect((await client.ask('POST', action)).status).toBe(204);
      }
      expect((await client.ask('POST', 'restart')).status).toBe(501);
      expect((await client.ask('POST', 'upgrade')).status).toBe(404);
      expect((await client.ask('POST', 'configs/geo')).status).toBe(404);
    });

    it('reloads the configuration; connections and choices stay', async () => {
      client = new ClashClient(port, secret, origin);
      await client.ask('PUT', 'proxies/any', { name: 'out-1' });
      const { socket, closed, clientPort } = await connect('door');
      expect((await client.ask('PUT', 'configs?force=true', { path: '', payload: '' })).status).toBe(204);
      const { connections } = (await get('connections')) as { connections: Connection[] };
      expect(connections.map(({ metadata }) => metadata.sourcePort)).toEqual([String(clientPort)]);
      expect(await get('proxies/any')).toMatchObject({ now: 'out-1' });
      await client.ask('DELETE', 'proxies/any');
      socket.end();
      await closed;
    });

    it('closes connections, one and all', async () => {
      client = new ClashClient(port, secret, origin);
      const [first, second, third] = [await connect('door'), await connect('door'), await connect('pinned')];
      expect((await client.ask('DELETE', `connections/${second.connection.id}`)).status).toBe(204);
      await second.closed;
      const { connections } = (await get('connections')) as { connections: Connection[] };
      expect(connections.map(({ id }) => id).sort()).toEqual([first.connection.id, third.connection.id].sort());
      expect((await client.ask('DELETE', 'connections')).status).toBe(204);
      await Promise.all([first.closed, third.closed]);
      await expect
        .poll(async () => ((await get('connections')) as { connections: Connection[] }).connections)
        .toEqual([]);
      await expect.poll(() => program.output()).toContain('E_CLASH_API_CLOSED');
    });
  });

  describe('zashboard', () => {
    const origin = 'https://board.zash.run.place';

    it('starts with everything at once', async () => {
      client = new ClashClient(port, secret, origin);
      expect(await get('version')).toEqual(versionShape);
      const answers = await Promise.all(
        ['configs', 'proxies', 'providers/proxies', 'rules', 'providers/rules', 'version'].map(get),
      );
      expect(answers[0]).toEqual(configShape);
      const { proxies } = answers[1] as { proxies: Proxies };
      for (const proxy of Object.values(proxies)) expect(proxy).toEqual(proxyShape);
      const { rules } = answers[3] as { rules: { proxy: string; index: number }[] };
      // It calls the array's map, and reads the proxy's name as a string.
      expect(rules.map(({ proxy }) => proxy.startsWith('route('))).toEqual([false, false]);
      const streams = await Promise.all([
        client.stream('connections'),
        client.stream('logs', { level: 'debug' }),
        client.stream('memory'),
        client.stream('traffic'),
      ]);
      expect(await streams[0].next()).toEqual(connectionsShape);
      expect(await streams[2].next()).toEqual(memoryShape);
      expect(await streams[3].next()).toEqual(trafficShape);
      const { socket, closed } = await connect('door');
      expect(await streams[1].next()).toEqual(logShape);
      socket.end();
      await closed;
    });

    it('chooses, looks at that group again, and tests one by one', async () => {
      client = new ClashClient(port, secret, origin);
      expect((await client.ask('PUT', 'proxies/any', { name: 'out-1' })).status).toBe(204);
      expect(await get('proxies/any')).toMatchObject({ type: 'Selector', now: 'out-1' });
      for (const name of ['out-1', 'out-2']) {
        expect(await get(`proxies/${name}/delay?url=${testUrl()}&timeout=2000`)).toHaveProperty('delay');
      }
      // It takes any other status for a failed test, and goes on.
      expect((await client.ask('GET', `proxies/blocked/delay?url=${testUrl()}&timeout=2000`)).status).toBe(503);
      expect((await client.ask('DELETE', 'proxies/any')).status).toBe(204);
      expect(await get('proxies/any')).toMatchObject({ now: 'any (random)' });
    });

    it('asks the DNS, reloads, and does without what there is not', async () => {
      client = new ClashClient(port, secret, origin);
      expect(await get('dns/query?name=localhost&type=A')).toEqual(dnsShape);
      expect((await client.ask('PUT', 'configs?reload=true', { path: '', payload: '' })).status).toBe(204);
      expect((await client.ask('GET', 'storage/zashboard')).status).toBe(404);
      expect((await client.ask('GET', 'group/weights')).status).toBe(404);
      expect((await client.ask('PATCH', 'rules/disable', { 0: true })).status).toBe(404);
    });
  });

  it('yacd finds its few', async () => {
    client = new ClashClient(port, secret, 'https://yacd.haishan.me');
    expect(await get('')).toEqual({ hello: 'clash' });
    for (const path of [
      'configs',
      'version',
      'proxies',
      'providers/proxies',
      'rules',
      'providers/rules',
      'connections',
    ]) {
      await get(path);
    }
    await client.stream('logs', { level: 'info' });
    await expect(client.stream('proxies')).rejects.toThrow('404');
    const { status, body } = await client.ask('PUT', 'proxies/GLOBAL', { name: 'out-1' });
    expect([status, body]).toEqual([400, { message: 'Must be a Selector' }]);
  });
});
