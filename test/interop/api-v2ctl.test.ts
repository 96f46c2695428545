import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { freePort } from '../peers/process.js';
import { temporaryFolder } from '../peers/temporary.js';
import { startV2ray } from '../peers/v2ray.js';
import { api, apiIn, counting, echo, exchange, outbounds, rules, startWithApi } from './api-program.fixture.js';
import { dial, door, Started } from './program.fixture.js';
import { countersIn, v2ctlApi } from './v2ctl.fixture.js';

const started = new Started();
afterEach(() => started.close());

describePeers("V2Ray's API client", ['v2ctl', 'v2ray'], () => {
  it.each(['by the tag', 'by listen'])('reads and resets counters, %s', async (way) => {
    const target = await echo(started);
    const port = await freePort();
    const program = await startWithApi(started, [door('door', target)], {
      api: { ...api, listen: `127.0.0.1:${port}` },
    });
    const at = way === 'by the tag' ? program.port('api-in') : port;
    const { socket } = await dial(program.port('door'));
    await exchange(socket, 1000);
    const names = ['inbound>>>door>>>traffic>>>uplink', 'inbound>>>door>>>traffic>>>downlink'] as const;

    const seen = await v2ctlApi(at, 'StatsService.QueryStats', 'pattern: ">>>door>>>" reset: false');
    expect(seen.code).toBe(0);
    expect(countersIn(seen)).toEqual({ [names[0]]: 1000, [names[1]]: 1000 });
    const one = await v2ctlApi(at, 'StatsService.GetStats', `name: "${names[0]}" reset: true`);
    expect(countersIn(one)).toEqual({ [names[0]]: 1000 });
    await exchange(socket, 50);
    const reset = await v2ctlApi(at, 'StatsService.QueryStats', 'pattern: "door" reset: true');
    expect(countersIn(reset)).toEqual({ [names[0]]: 50, [names[1]]: 1050 });
    const after = await v2ctlApi(at, 'StatsService.QueryStats', 'pattern: "door" reset: false');
    expect(countersIn(after)).toEqual({ [names[0]]: 0, [names[1]]: 0 });
    const none = await v2ctlApi(at, 'StatsService.GetStats', 'name: "none"');
    expect(none.stderr + none.stdout).toContain('there is no counter "none"');

    const system = await v2ctlApi(at, 'StatsService.GetSysStats', '');
    expect(system.stdout).toMatch(/NumGoroutine: [1-9][\s\S]*Alloc: [1-9]\d{5}[\s\S]*Sys: [1-9]\d{6}/);
    socket.destroy();
  });

  it('reads the same from us and from V2Ray after the same traffic', async () => {
    const target = await echo(started);
    const config = { ...counting, api, outbounds, routing: { rules } };
    const v2ray = started.add(await startV2ray({ ...config, inbounds: [door('door', target), apiIn] }));
    const program = await startWithApi(started, [door('door', target)]);
    const [theirDoor = 0, theirApi = 0] = v2ray.ports;
    const ends = [
      { at: program.port('door'), api: program.port('api-in') },
      { at: theirDoor, api: theirApi },
    ];
    const answers = await Promise.all(
      ends.map(async (end) => {
        const { socket } = await dial(end.at);
        await exchange(socket, 12_345);
        socket.destroy();
        const seen = [];
        for (const [method, request] of [
          ['StatsService.QueryStats', 'pattern: "inbound>>>door" reset: true'],
          ['StatsService.QueryStats', 'pattern: "inbound>>>door>>>traffic>>>up" reset: false'],
          ['StatsService.QueryStats', 'pattern: "no such counter"'],
          ['StatsService.GetStats', 'name: "inbound>>>door>>>traffic>>>downlink"'],
          ['LoggerService.RestartLogger', ''],
        ] as const) {
          const result = await v2ctlApi(end.api, method, request);
          seen.push([method, result.code, countersIn(result)]);
        }
        return seen;
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]?.[2]).toEqual({
      'inbound>>>door>>>traffic>>>uplink': 12_345,
      'inbound>>>door>>>traffic>>>downlink': 12_345,
    });
  });

  it('has the log files opened anew', async () => {
    const folder = await temporaryFolder('logs');
    started.add({ close: () => folder.remove() });
    const file = join(folder.path, 'access.log');
    const target = await echo(started);
    const program = await startWithApi(started, [door('door', target)], { log: { access: file, loglevel: 'warning' } });
    const connect = async (): Promise<number> => {
      const { socket, clientPort, closed } = await dial(program.port('door'));
      await exchange(socket, 1);
      socket.end();
      await closed;
      return clientPort;
    };
    const first = await connect();
    const lines = (of: string): Promise<string> => readFile(of, 'utf8').catch(() => '');
    await expect.poll(() => lines(file)).toContain(`127.0.0.1:${first} `);
    await rename(file, `${file}.1`);
    const { code, stderr } = await v2ctlApi(program.port('api-in'), 'LoggerService.RestartLogger', '');
    expect([code, stderr]).toEqual([0, '']);
    const second = await connect();
    await expect.poll(() => lines(file)).toContain(`127.0.0.1:${second} `);
    expect(await lines(`${file}.1`)).not.toContain(`127.0.0.1:${second} `);
  });

  it('finds nothing that the configuration does not name', async () => {
    const program = await startWithApi(started, [], { api: { tag: 'api', services: ['LoggerService'] } });
    const { stderr, stdout } = await v2ctlApi(program.port('api-in'), 'StatsService.QueryStats', 'pattern: ""');
    expect(stderr + stdout).toMatch(/code = Unimplemented/);
  });
});
