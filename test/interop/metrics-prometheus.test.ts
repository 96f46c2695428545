import { afterAll, beforeAll, expect, it } from 'vitest';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort, runProcess, untilListening } from '../peers/process.js';
import { startPrometheus, type Prometheus } from '../peers/prometheus.js';
import { dial, door, serve, Started, startProgram, type Program, type Server } from './program.fixture.js';

describePeers('the program, scraped by a real Prometheus', ['prometheus', 'promtool', 'curl'], () => {
  const started = new Started();
  const secret = 'of the tests';
  let target: Server;
  let program: Program;
  let prometheus: Prometheus;
  let url: string;

  beforeAll(async () => {
    target = started.add(
      await serve((socket) => {
        socket.on('data', (chunk) => socket.write(chunk));
        socket.on('end', () => socket.end());
      }),
    );
    const closed = await freePort();
    const port = await freePort();
    url = `http://127.0.0.1:${port}/metrics`;
    program = started.add(
      await startProgram({
        inbounds: [
          door('door', target.port),
          door('numbers-in', 80),
          {
            tag: 'nowhere',
            protocol: 'dokodemo-door',
            settings: { address: '127.0.0.1', port: closed, network: 'tcp' },
          },
          { tag: 'socks', protocol: 'socks', settings: { auth: 'noauth' } },
        ],
        outbounds: [
          { tag: 'direct', protocol: 'freedom' },
          { tag: 'other', protocol: 'freedom' },
        ],
        routing: {
          balancers: [{ tag: 'any', selector: ['direct', 'other'] }],
          rules: [
            { type: 'field', inboundTag: ['numbers-in'], outboundTag: 'numbers' },
            { type: 'field', inboundTag: ['socks'], balancerTag: 'any' },
          ],
        },
        stats: {},
        policy: {
          system: {
            statsInboundUplink: true,
            statsInboundDownlink: true,
            statsOutboundUplink: true,
            statsOutboundDownlink: true,
          },
        },
        metrics: { listen: `127.0.0.1:${port}`, secret, tag: 'numbers' },
      }),
    );
    await untilListening(port);
    prometheus = started.add(await startPrometheus({ port, secret }));
  });

  afterAll(() => started.close());

  const value = async (expression: string): Promise<number | undefined> =>
    [...(await prometheus.query(expression)).values()][0];
  const seen = (expression: string) => expect.poll(() => value(expression), { timeout: 20_000, interval: 250 });

  /** As the program itself says: the fixture's own connections, which wait for its ports, count as well. */
  const before = async (series: string): Promise<number> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${secret}` } });
    const line = (await answer.text()).split('\n').find((found) => found.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };
  /** A connection that ends when the other side does. */
  const visit = async (tag: string, words?: string): Promise<void> => {
    const { socket, closed } = await dial(program.port(tag));
    socket.resume().on('end', () => socket.end());
    if (words !== undefined) socket.write(words);
    await closed;
  };

  it('is up, and refuses whoever does not know the secret', async () => {
    await seen('up').toBe(1);
    expect(await prometheus.target()).toEqual(expect.objectContaining({ health: 'up', lastError: '' }));
    const stranger = started.add(await startPrometheus({ port: Number(new URL(url).port) }));
    await expect
      .poll(() => stranger.target(), { timeout: 20_000 })
      .toMatchObject({
        health: 'down',
        lastError: expect.stringContaining('401') as string,
      });
  });

  it('counts connections, bytes and dials', async () => {
    const total = 'sluice_connections_total{inbound="door",network="tcp"}';
    const dials = 'sluice_dial_duration_seconds_count{outbound="direct"}';
    const [totalBefore, dialsBefore] = [await before(total), await before(dials)];
    const { socket, closed } = await dial(program.port('door'));
    socket.resume();
    socket.write(Buffer.alloc(100_000));
    await seen('sluice_connections_open{inbound="door",network="tcp"}').toBe(1);
    await seen('sluice_inbound_traffic_bytes_total{inbound="door",direction="downlink"}').toBe(100_000);
    await seen('sluice_outbound_traffic_bytes_total{outbound="direct",direction="uplink"}').toBe(100_000);
    await seen('sluice_traffic_bytes_total{direction="uplink"}').toBeGreaterThanOrEqual(100_000);
    await seen(dials).toBe(dialsBefore + 1);
    await seen('histogram_quantile(0.9, sluice_dial_duration_seconds_bucket{outbound="direct"})').toBeGreaterThan(0);
    socket.end();
    await closed;
    await seen('sluice_connections_open{inbound="door",network="tcp"}').toBe(0);
    await seen(total).toBe(totalBefore + 1);
    await seen('sluice_connections_ended_total{inbound="door",reason="done"}').toBe(totalBefore + 1);
    await seen('sluice_balancer_member{balancer="any",outbound="other"}').toBe(1);
    await seen('process_open_fds').toBeGreaterThan(10);
  });

  it('tells why dials and handshakes failed', async () => {
    const refused = 'sluice_dial_failures_total{outbound="direct",reason="E_DIAL_REFUSED"}';
    const broken = 'sluice_handshake_failures_total{inbound="socks",reason="E_PROTOCOL"}';
    const [refusedBefore, brokenBefore] = [await before(refused), await before(broken)];
    await visit('nowhere');
    await seen(refused).toBe(refusedBefore + 1);
    await visit('socks', 'GET / HTTP/1.1\r\n\r\n');
    await seen(broken).toBe(brokenBefore + 1);
  });

  it('writes what promtool has nothing to say against', async () => {
    const { stdout } = await curl(['-H', `Authorization: Bearer ${secret}`, '--fail', url]);
    const { code, stderr, stdout: said } = await runProcess('promtool', ['check', 'metrics'], { input: stdout });
    expect([code, said, stderr]).toEqual([0, '', '']);
    for (const name of [
      'sluice_handshake_failures_total',
      'sluice_dial_duration_seconds_bucket',
      'sluice_event_loop_delay_seconds',
    ]) {
      expect(stdout).toMatch(new RegExp(`^${name}\\{`, 'm'));
    }
  });

  it('is reached by routing as well', async () => {
    const address = `http://127.0.0.1:${program.port('numbers-in')}/metrics`;
    const { stdout } = await curl([
      '-H',
      `Authorization: Bearer ${secret}`,
      '--fail',
      address,
      '--next',
      '-sS',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      address,
    ]);
    expect(stdout).toMatch(/^sluice_connections_open\{inbound="numbers-in",network="tcp"\} 1$/m);
    expect(stdout).toMatch(/401$/);
  });
});
