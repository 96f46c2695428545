import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFakeDc } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { mtprotoInbound, runCommand, type CommandRun, type CommandOptions } from './command.fixture.js';
import type { Report } from './doctor/report.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function dataCenters(...addresses: string[]): object {
  return { dataCenters: Object.fromEntries([1, 2, 3, 4, 5, 203].map((id) => [String(id), addresses])) };
}

async function telegram(): Promise<object> {
  const server = await startFakeDc();
  cleanups.push(() => server.close());
  return dataCenters(server.address);
}

async function timeSource(seconds: number): Promise<string> {
  const server = http.createServer((_, response) => {
    response.setHeader('date', new Date(Date.now() + seconds * 1000).toUTCString());
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const dead = dataCenters('127.0.0.1:1');

function doctor(settings: object, options: CommandOptions = {}, protocol = 'mtproto'): Promise<CommandRun> {
  const inbound = mtprotoInbound({ users: [{ secret, email: 'ann', maxConnections: 8 }], ...settings }, { port: 0 });
  const outbounds = [{ tag: 'out', protocol, isRouted: true }];
  return runCommand('doctor', { config: 'a.json', ...options }, { inbounds: [inbound], outbounds });
}

describe('sluice mtproto doctor', () => {
  it('finds all well where it is', async () => {
    const { code, lines } = await doctor(await telegram());
    expect(code).toBe(0);
    expect(lines).toEqual([
      'clock',
      expect.stringMatching(/^ {2}ok {7}right, by data centre/),
      'listening',
      expect.stringMatching(/^ {2}ok {7}tg-in on 127\.0\.0\.1:0: is free/),
      'secrets',
      '  ok       one user has one',
      'data centres',
      expect.stringMatching(/^ {2}ok {7}1 \(IPv4\), .*203 \(IPv4\): answers \(\d+.* ms\)$/),
      'open files',
      expect.stringMatching(/^ {2}ok {7}\d+ may be open/),
      '',
      'No problems, No warnings.',
      'Checked from this machine directly, past all routing.',
    ]);
  });

  it('ends with 1 where there is a problem, and says what to do', async () => {
    const { code, lines } = await doctor(dead);
    expect(code).toBe(1);
    const at = lines.indexOf('data centres');
    expect(lines[at + 1]).toMatch(/^ {2}problem {2}1 \(IPv4\), .*: refuses the connection$/);
    expect(lines[at + 2]).toMatch(/^ {11}→ /);
    expect(lines.slice(0, 2)).toEqual(['clock', expect.stringMatching(/warning {2}could not be compared/)]);
  });

  it('prints JSON', async () => {
    const { code, lines } = await doctor(dead, { json: true }, 'socks');
    const report = JSON.parse(lines.join('\n')) as Report;
    expect(code).toBe(1);
    expect(report).toMatchObject({ ok: false, notCheckedThrough: ['out (socks)'] });
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        subject: 'data centres',
        about: '2 (IPv4)',
        status: 'problem',
        address: '127.0.0.1:1',
      }),
    );
    expect(lines.join()).not.toContain(secret.slice(2, 12));
  });

  it('compares the clock with the source that is named', async () => {
    const users = [{ secret: `ee${secret}${Buffer.from('localhost').toString('hex')}`, maxConnections: 1 }];
    const source = await timeSource(7200);
    const { code, lines } = await doctor({ ...dead, users }, { timeSource: source });
    expect(code).toBe(1);
    expect(lines[1]).toMatch(/^ {2}problem {2}about 7(200|199|201) s behind 127\.0\.0\.1:/);
    expect(lines[2]).toMatch(/set the clock/);
    const right = await doctor({ ...dead, users }, { timeSource: await timeSource(0) });
    expect(right.lines[1]).toMatch(/^ {2}ok {7}right, by 127\.0\.0\.1:/);
  });

  it('knows this machine by what clients use', async () => {
    const users = [{ secret: `ee${secret}${Buffer.from('localhost').toString('hex')}` }];
    const { lines } = await doctor({ ...dead, users }, { server: 'localhost' });
    expect(lines[lines.indexOf('names') + 1]).toMatch(/ok {7}localhost: leads to .*: this machine/);
  });

  it.each([{ timeout: '0' }, { timeout: 'x' }, { timeSource: 'ftp://a' }, { timeSource: 'a' }])(
    'refuses %j',
    async (options) => {
      await expect(doctor(dead, options)).rejects.toMatchObject({ code: 'E_MTPROTO_COMMAND' });
    },
  );

  it('says when there is no mtproto inbound', async () => {
    await expect(runCommand('doctor', { config: 'a.json' })).rejects.toMatchObject({ code: 'E_CONFIG_INVALID' });
  });
});
