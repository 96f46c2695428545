import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { containing, like } from '../expected.fixture.js';
import { examinationOf, key, run, secretFor } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { clockFindings, timeSourceCheck } from './clock.js';

/** What is said where this machine is ahead of other clocks by so many seconds. */
function told(
  ahead: readonly number[],
  settings: object = { users: [{ secret: secretFor('a.test') }] },
): readonly Finding[] {
  const now = 1_900_000_000_000;
  const examination = examinationOf(settings, { clock: () => now });
  ahead.forEach((seconds, i) => examination.readings.addWebServer(`clock ${i}`, now - 500 - seconds * 1000, 0));
  return clockFindings(examination);
}

const tls = (timeWindow: number): object => ({
  users: [{ secret: key }],
  tls: { timeWindow, serverNames: ['a.test'] },
});

describe('the clock', () => {
  it.each([
    [0, 'ok', /right, by clock 0/],
    [0.6, 'ok', /right/],
    [-5, 'ok', /5 s behind clock 0/],
    [5, 'ok', /5 s ahead of clock 0/],
    [-30, 'warning', /30 s behind/],
    [100, 'warning', /100 s ahead/],
    [121, 'problem', /121 s ahead/],
    [-86_400, 'problem', /86400 s behind/],
  ])('that is %i s ahead is %s', (ahead, status, seen) => {
    expect(told([ahead])).toEqual([expect.objectContaining({ subject: 'clock', status, seen: like(seen) })]);
  });

  it('is held to the time window', () => {
    expect(told([5], tls(3))).toMatchObject([{ status: 'problem', advice: containing('is 3 s') }]);
    expect(told([121], tls(600))).toMatchObject([{ status: 'warning' }]);
    expect(told([2], tls(3))).toMatchObject([{ status: 'warning' }]);
  });

  it('matters less without fake TLS', () => {
    expect(told([86_400], { users: [{ secret: key }] })).toMatchObject([
      { status: 'warning', advice: containing('expiresAt') },
    ]);
  });

  it('is compared with what most others say', () => {
    expect(told([3600, 0, 0.2, -0.2])).toMatchObject([
      { status: 'ok', seen: 'right, by clock 1, clock 2, clock 3' },
      { status: 'ok', about: 'clock 0', seen: containing('is 3600 s behind the others itself') },
    ]);
    expect(told([0, 500, 501, 502])).toMatchObject([{ status: 'problem' }, { about: 'clock 0' }]);
    expect(told([0, 0, 0, 0, 0])).toMatchObject([{ seen: 'right, by clock 0, clock 1 and 3 others' }]);
  });

  it('that could not be compared is said plainly', () => {
    expect(told([])).toMatchObject([{ status: 'warning', seen: like(/could not be compared/) }]);
  });
});

describe('a reading', () => {
  it('takes the way of the question into account, and what was cut off', () => {
    const { readings } = examinationOf({ users: [{ secret: key }] }, { clock: () => 10_000_000 });
    readings.addDataCenter(2, 9_999_000, 400);
    readings.addWebServer('x', 9_999_000, 400);
    expect(readings.all).toEqual([
      { source: 'x', ahead: 300, tolerance: 700 },
      { source: 'data centre 2', ahead: 799.5, tolerance: 200.5 },
    ]);
  });
});

describe('a time source', () => {
  const servers: http.Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });

  async function ask(date: string | undefined): Promise<readonly Finding[]> {
    const server = http.createServer((request, response) => {
      response.sendDate = false;
      if (date !== undefined) response.setHeader('date', date);
      response.end(request.method === 'HEAD' && request.url === '/now?x' ? undefined : 'no');
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const examination = examinationOf({ users: [{ secret: secretFor('a.test') }] });
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/now?x`);
    expect(await run([timeSourceCheck(url, examination)], examination)).toEqual([]);
    return clockFindings(examination);
  }

  it('is believed', async () => {
    expect(await ask(new Date().toUTCString())).toMatchObject([{ status: 'ok' }]);
    expect(await ask(new Date(Date.now() - 3_600_000).toUTCString())).toMatchObject([
      { status: 'problem', seen: like(/about 3(600|599|601) s ahead of 127\.0\.0\.1:/) },
    ]);
  });

  it.each([undefined, 'yesterday'])('that says %s tells no time', async (date) => {
    expect(await ask(date)).toMatchObject([{ status: 'warning', seen: like(/could not/) }]);
  });

  it('that does not answer is a problem of its own', async () => {
    const examination = examinationOf({ users: [{ secret: key }] });
    expect(await run([timeSourceCheck(new URL('http://127.0.0.1:1/'), examination)], examination)).toMatchObject([
      { subject: 'clock', about: '127.0.0.1:1', status: 'problem' },
    ]);
  });
});
