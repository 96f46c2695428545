import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '@sluice/plugin-api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Observatory, type ObservatoryOptions } from './observatory.js';
import { readTarget, type ProbeTarget } from './probe-target.js';
import { FakeInstance, serveHttp, serveTcp } from './services.fixture.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function started<T extends { close(): unknown }>(closable: T): T {
  closing.push(() => closable.close());
  return closable;
}

function observing(instance: FakeInstance, url: string, more: Partial<ObservatoryOptions> = {}): Observatory {
  const observatory = started(
    new Observatory(instance, {
      subjectSelector: ['proxy-'],
      target: readTarget(url) as ProbeTarget,
      method: 'GET',
      timeoutMs: 5000,
      intervalMs: 100,
      atOnce: true,
      samples: 1,
      validMs: Infinity,
      ...more,
    }),
  );
  observatory.start();
  return observatory;
}

const refuse = (): Promise<never> => Promise.reject(new SluiceError('E_DIAL_REFUSED', 'refused'));

describe('a probe', () => {
  it('finds which outbounds live, how fast they answer, and why not', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    instance.outbounds.set('direct', instance.direct).set('proxy-1', instance.direct).set('proxy-2', refuse);
    const observatory = observing(instance, `http://probe.example:${server.port}/x?y`);
    await vi.waitFor(() => expect(instance.health.all().size).toBe(2));
    expect(instance.health.of('proxy-1')).toMatchObject({ alive: true, samples: 1, failures: 0, lastError: undefined });
    expect(instance.health.of('proxy-1')?.delay).toBeGreaterThan(0);
    expect(instance.health.of('proxy-2')).toMatchObject({
      alive: false,
      delay: undefined,
      failures: 1,
      lastError: 'refused',
    });
    expect(server.requests[0]).toBe('GET /x?y');
    expect(instance.asked).not.toContain('direct');
    observatory.close();
    await instance.expectClean();
  });

  it('sees an outbound die and come back', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    instance.outbounds.set('proxy-1', instance.direct);
    observing(instance, `http://127.0.0.1:${server.port}/`);
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.alive).toBe(true));
    const seenAt = instance.health.of('proxy-1')?.lastSeenAt;
    instance.outbounds.set('proxy-1', refuse);
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.alive).toBe(false));
    expect(instance.health.of('proxy-1')?.lastSeenAt).toBeGreaterThanOrEqual(seenAt as number);
    instance.outbounds.set('proxy-1', instance.direct);
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.alive).toBe(true));
    // Said once each time, not at every probe.
    expect(instance.logger.lines.map((line) => line.replace(/\d+ ms/, 'n ms'))).toEqual([
      'info the outbound "proxy-1" is alive: n ms',
      'warn the outbound "proxy-1" is dead: refused {"code":"E_DIAL_REFUSED"}',
      'info the outbound "proxy-1" is alive: n ms',
    ]);
  });

  it.each([
    ['is not answered', () => undefined, 'no answer within 200 ms'],
    ['is answered by something else', (write: (text: string) => void) => write('SSH-2.0-x\r\n'), 'does not speak HTTP'],
    ['is answered without end', (write: (text: string) => void) => write('H'.repeat(20_000)), 'does not speak HTTP'],
    ['is cut off', (_: unknown, end: () => void) => end(), 'closed before the probe was answered'],
  ] as const)('that %s has failed', async (_name, answer, error) => {
    const instance = new FakeInstance();
    const server = started(
      await serveTcp((socket) => {
        socket.resume();
        answer(
          (text) => socket.write(text),
          () => socket.end(),
        );
      }),
    );
    instance.outbounds.set('proxy-1', instance.direct);
    const observatory = observing(instance, `http://127.0.0.1:${server.port}/`, { timeoutMs: 200 });
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.lastError).toContain(error));
    observatory.close();
    await instance.expectClean();
  });

  it('ends in time where an outbound never does, and its late link is closed', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    let letGo = (): void => undefined;
    instance.outbounds.set('proxy-1', async (session, to) => {
      const link = await instance.direct(session, to);
      await new Promise<void>((resolve) => (letGo = resolve));
      return link;
    });
    const observatory = observing(instance, `http://127.0.0.1:${server.port}/`, { timeoutMs: 150, intervalMs: 60_000 });
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.lastError).toBe('no answer within 150 ms'));
    expect(instance.plane.state().conns).toBe(1);
    letGo();
    await instance.expectClean();
    observatory.close();
    expect(instance.sessions[0]?.signal.aborted).toBe(true);
  });
});

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-observatory-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2'];
  const subject = ['-subj', '/CN=probe.example', '-addext', 'subjectAltName=DNS:probe.example'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const credentials = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });

  it.each([
    ['a server that proves its name is alive', 'probe.example', true, true, /^$/],
    ['a server of another name is not', 'other.example', true, false, /altnames/],
    ['a server that nobody vouches for is not', 'probe.example', false, false, /self-signed/],
  ])('%s', async (_name, host, isTrusted, alive, lastError) => {
    const instance = new FakeInstance();
    const server = started(await serveHttp(credentials));
    instance.outbounds.set('proxy-1', instance.direct);
    const observatory = observing(
      instance,
      `https://${host}:${server.port}/`,
      isTrusted ? { ca: credentials.cert } : {},
    );
    await vi.waitFor(() => expect(instance.health.of('proxy-1')).toBeDefined(), 5000);
    expect(instance.health.of('proxy-1')?.alive).toBe(alive);
    expect(instance.health.of('proxy-1')?.lastError ?? '').toMatch(lastError);
    observatory.close();
    await instance.expectClean();
  });

  it('a server that speaks no TLS is not', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    instance.outbounds.set('proxy-1', instance.direct);
    const observatory = observing(instance, `https://probe.example:${server.port}/`);
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.alive).toBe(false), 5000);
    observatory.close();
    await instance.expectClean();
  });
});

describe('what is reported', () => {
  it('follows the outbounds, and goes with the observatory', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    instance.outbounds.set('proxy-1', instance.direct).set('proxy-2', instance.direct);
    const observatory = observing(instance, `http://127.0.0.1:${server.port}/`);
    await vi.waitFor(() => expect([...instance.health.all().keys()].sort()).toEqual(['proxy-1', 'proxy-2']));
    instance.outbounds.delete('proxy-2');
    instance.outbounds.set('proxy-3', instance.direct);
    await vi.waitFor(() => expect([...instance.health.all().keys()].sort()).toEqual(['proxy-1', 'proxy-3']));
    observatory.close();
    expect(instance.health.all().size).toBe(0);
    await instance.expectClean();
    expect(instance.health.all().size).toBe(0);
  });

  it('stays if another observatory has reported since', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    instance.outbounds.set('proxy-1', instance.direct);
    const url = `http://127.0.0.1:${server.port}/`;
    const first = observing(instance, url, { intervalMs: 60_000 });
    await vi.waitFor(() => expect(instance.health.of('proxy-1')).toBeDefined());
    const before = instance.health.of('proxy-1');
    observing(instance, url, { intervalMs: 60_000 });
    await vi.waitFor(() => expect(instance.health.of('proxy-1')).not.toBe(before));
    first.close();
    expect(instance.health.of('proxy-1')?.alive).toBe(true);
  });

  it('is nothing without a selector', () => {
    const instance = new FakeInstance();
    instance.outbounds.set('proxy-1', instance.direct);
    observing(instance, 'http://127.0.0.1:1/', { subjectSelector: [] });
    expect(instance.asked).toEqual([]);
    expect(instance.logger.lines).toEqual(['warn "subjectSelector" is empty: no outbound is probed']);
  });

  it('closing in the middle of probes leaves nothing, and is said to nobody', async () => {
    const instance = new FakeInstance();
    const server = started(await serveTcp((socket) => socket.resume()));
    for (let n = 0; n < 100; n += 1) instance.outbounds.set(`proxy-${n}`, instance.direct);
    const observatory = observing(instance, `http://127.0.0.1:${server.port}/`);
    await vi.waitFor(() => expect(instance.plane.state().conns).toBe(64));
    observatory.close();
    await instance.expectClean();
    expect(instance.asked).toHaveLength(64);
    expect(instance.health.all().size).toBe(0);
    expect(instance.logger.lines).toEqual([]);
  });
});

describe('where the network may be down', () => {
  /** Answers HEAD requests while the network is there, and cuts connections off while it is not. */
  async function network(): Promise<{ isThere: boolean; asked: number; target: ProbeTarget }> {
    const state = { isThere: true, asked: 0 };
    const server = started(
      await serveTcp((socket) => {
        state.asked += 1;
        if (state.isThere) socket.end('HTTP/1.1 204 No Content\r\n\r\n');
        else socket.destroy();
      }),
    );
    return Object.assign(state, { target: readTarget(`http://127.0.0.1:${server.port}/`) as ProbeTarget });
  }

  it('outbounds are blamed only while a direct request is answered, and probed again when it is', async () => {
    const instance = new FakeInstance();
    const server = started(await serveHttp());
    const direct = await network();
    instance.outbounds.set('proxy-1', refuse);
    observing(instance, `http://127.0.0.1:${server.port}/`, {
      connectivity: direct.target,
      method: 'HEAD',
      samples: 9,
    });
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.alive).toBe(false));

    direct.isThere = false;
    await vi.waitFor(() => expect(instance.logger.lines.at(-1)).toContain('the network is down'));
    const before = instance.health.of('proxy-1');
    const [asked, lines] = [instance.asked.length, instance.logger.lines.length];
    const checks = direct.asked;
    await vi.waitFor(() => expect(direct.asked).toBeGreaterThan(checks + 2));
    expect(instance.health.of('proxy-1')).toBe(before);
    expect(instance.asked).toHaveLength(asked);
    expect(instance.logger.lines).toHaveLength(lines);

    instance.outbounds.set('proxy-1', instance.direct);
    direct.isThere = true;
    await vi.waitFor(() => expect(instance.health.of('proxy-1')?.alive).toBe(true));
    expect(instance.logger.lines.at(-2)).toContain('the network is back');
    expect(server.requests[0]).toBe('HEAD /');
  });

  it('nothing is said of outbounds before it was there', async () => {
    const instance = new FakeInstance();
    const direct = await network();
    direct.isThere = false;
    instance.outbounds.set('proxy-1', refuse);
    observing(instance, 'http://127.0.0.1:1/', { connectivity: direct.target });
    await vi.waitFor(() => expect(direct.asked).toBeGreaterThan(2));
    expect(instance.health.all().size).toBe(0);
  });
});
