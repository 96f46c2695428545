import { destination, SluiceError, type OutboundHealth, type SessionView } from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMetrics, type FakeInstance } from './instance.fixture.js';

let instance: FakeInstance;
beforeEach(async () => {
  instance = await startMetrics();
});
afterEach(() => instance.service.close());

const session = (inboundTag: string, more: Partial<SessionView> = {}): SessionView =>
  ({ inboundTag, network: 'tcp', target: destination('tcp', 'example.org', 443), ...more }) as SessionView;

describe('connections', () => {
  test('are counted while open and when over', async () => {
    const { control } = instance;
    const [in1, in2] = [session('in'), session('in')];
    control.open.push(in1, in2, session('other', { network: 'udp' }));
    expect(await instance.value('sluice_connections_open{inbound="in",network="tcp"}')).toBe(2);
    expect(await instance.value('sluice_connections_total{inbound="in",network="tcp"}')).toBe(2);
    control.open.shift();
    control.ended(in1);
    expect(await instance.value('sluice_connections_open{inbound="in",network="tcp"}')).toBe(1);
    expect(await instance.value('sluice_connections_total{inbound="in",network="tcp"}')).toBe(2);
    expect(await instance.value('sluice_connections_total{inbound="other",network="udp"}')).toBe(1);
    expect(await instance.value('sluice_connections_ended_total{inbound="in",network="tcp",reason="done"}')).toBe(1);
  });

  test('that there are none of are zero', async () => {
    const endpoint = { address: '127.0.0.1', port: 1 };
    instance.control.inboundList = [
      { tag: 'quiet', protocol: 'socks', listening: [{ network: 'tcp', endpoint }], users: undefined },
    ];
    expect(await instance.value('sluice_connections_open{inbound="quiet",network="tcp"}')).toBe(0);
    expect(await instance.value('sluice_connections_total{inbound="quiet",network="tcp"}')).toBe(0);
  });

  test('tell failed handshakes from other ends', async () => {
    const { control } = instance;
    control.ended(session('in', { target: undefined }), new SluiceError('E_AUTH', 'no'));
    control.ended(session('in', { target: undefined }), new SluiceError('E_AUTH', 'no'));
    control.ended(session('in', { target: undefined }));
    control.ended(session('in'), new SluiceError('E_CONN_RESET', 'cut'));
    expect(await instance.value('sluice_handshake_failures_total{inbound="in",reason="E_AUTH"}')).toBe(2);
    expect(await instance.text()).not.toMatch(/handshake_failures_total\{.*E_CONN_RESET/);
    const ends = 'sluice_connections_ended_total{inbound="in",network="tcp",reason=';
    expect(await instance.value(`${ends}"E_AUTH"}`)).toBe(2);
    expect(await instance.value(`${ends}"E_CONN_RESET"}`)).toBe(1);
    expect(await instance.value(`${ends}"done"}`)).toBe(1);
  });
});

test('dials have a histogram, and failures a counter', async () => {
  const { control } = instance;
  control.dialled('far', 3);
  control.dialled('far', 700);
  control.dialled('far', 10_000, new SluiceError('E_DIAL_TIMEOUT', 'late'));
  expect(await instance.value('sluice_dial_duration_seconds_bucket{le="0.005",outbound="far"}')).toBe(1);
  expect(await instance.value('sluice_dial_duration_seconds_bucket{le="1",outbound="far"}')).toBe(2);
  expect(await instance.value('sluice_dial_duration_seconds_count{outbound="far"}')).toBe(2);
  expect(await instance.value('sluice_dial_duration_seconds_sum{outbound="far"}')).toBeCloseTo(0.703);
  expect(await instance.value('sluice_dial_failures_total{outbound="far",reason="E_DIAL_TIMEOUT"}')).toBe(1);
});

test('traffic is that of all, and what stats count', async () => {
  const { control, stats } = instance;
  control.uplink.add(5);
  control.downlink.add(7);
  stats.counter('inbound>>>in>>>traffic>>>uplink').add(100);
  stats.counter('outbound>>>out>>>traffic>>>downlink').add(200);
  stats.counter('user>>>a"b\\c\n@x>>>traffic>>>uplink').add(300);
  stats.counter('user>>>odd>>>name>>>traffic>>>uplink').add(1);
  stats.counter('user>>>odd>>>something>>>else').add(9);
  expect(await instance.value('sluice_traffic_bytes_total{direction="uplink"}')).toBe(5);
  expect(await instance.value('sluice_traffic_bytes_total{direction="downlink"}')).toBe(7);
  expect(await instance.value('sluice_inbound_traffic_bytes_total{inbound="in",direction="uplink"}')).toBe(100);
  expect(await instance.value('sluice_outbound_traffic_bytes_total{outbound="out",direction="downlink"}')).toBe(200);
  expect(await instance.value('sluice_user_traffic_bytes_total{user="a\\"b\\\\c\\n@x",direction="uplink"}')).toBe(300);
  expect(await instance.value('sluice_user_traffic_bytes_total{user="odd>>>name",direction="uplink"}')).toBe(1);
  expect(await instance.text()).not.toContain('else');
  // Not added to what was told before.
  expect(await instance.value('sluice_inbound_traffic_bytes_total{inbound="in",direction="uplink"}')).toBe(100);
});

test('users have an end: those that came later share a series', async () => {
  for (let i = 0; i < 5003; i += 1) instance.stats.counter(`user>>>u${i}>>>traffic>>>uplink`).add(10);
  const text = await instance.text();
  expect(text.match(/^sluice_user_traffic_bytes_total\{/gm)).toHaveLength(5001);
  expect(await instance.value('sluice_user_traffic_bytes_total{user="other",direction="uplink"}')).toBe(30);
});

test('outbounds are up or not, and balancers have members', async () => {
  const probe = (alive: boolean, delay: number | undefined): OutboundHealth => ({
    alive,
    delay,
    samples: 1,
    failures: 0,
    lastTryAt: 0,
    lastSeenAt: 0,
  });
  instance.health.set('a', probe(true, 120));
  instance.health.set('b', probe(false, undefined));
  const balancer = { tag: 'any', strategy: 'random', members: ['a', 'b'], fallbackTag: undefined };
  instance.control.balancerList = [{ ...balancer, override: 'b' }];
  expect(await instance.value('sluice_outbound_up{outbound="a"}')).toBe(1);
  expect(await instance.value('sluice_outbound_up{outbound="b"}')).toBe(0);
  expect(await instance.value('sluice_outbound_probe_duration_seconds{outbound="a"}')).toBe(0.12);
  expect(await instance.value('sluice_outbound_probe_duration_seconds{outbound="b"}')).toBeUndefined();
  expect(await instance.value('sluice_balancer_member{balancer="any",outbound="a"}')).toBe(1);
  expect(await instance.value('sluice_balancer_member{balancer="any",outbound="b"}')).toBe(2);
  instance.health.delete('a');
  expect(await instance.value('sluice_outbound_up{outbound="a"}')).toBeUndefined();
});

test('the pool and the process are there', async () => {
  const holder = { lastRead: 0, returnBuffer: () => undefined };
  const buffer = instance.plane.holdBuffer(holder)!;
  const text = await instance.text();
  const value = (series: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );
  expect(value('sluice_read_buffers{state="borrowed"}')).toBe(1);
  expect(value('sluice_read_buffers{state="idle"}')).toBe(0);
  expect(value('sluice_sockets_open')).toBe(0);
  expect(value('sluice_build_info{version="1.2.3",node="' + process.version + '"}')).toBe(1);
  expect(value('sluice_start_time_seconds')).toBe(1_700_000_000);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(value('nodejs_memory_bytes{kind="heap_used"}')).toBeGreaterThan(1e6);
  expect(value('process_open_fds')).toBeGreaterThan(3);
  expect(value('process_max_fds')).toBeGreaterThan(value('process_open_fds'));
  expect(value('sluice_event_loop_active_seconds_total')).toBeGreaterThan(0);
  instance.plane.dropBuffer(holder, buffer, false);
  expect(await instance.value('sluice_read_buffers_discarded_total')).toBe(1);
});

test('the event loop is told to be late when it is', async () => {
  const worst = (): Promise<number | undefined> => {
    for (const end = performance.now() + 100; performance.now() < end;);
    return instance.value('sluice_event_loop_delay_seconds{stat="max"}');
  };
  await expect.poll(worst).toBeGreaterThan(0.02);
});

test('two instances in one process know nothing of each other', async () => {
  const other = await startMetrics();
  other.control.dialled('elsewhere', 5);
  expect(await instance.text()).not.toContain('elsewhere');
  expect(await other.text()).toContain('elsewhere');
  await other.service.close();
  expect(other.control.dialListeners.size + other.control.endListeners.size).toBe(0);
  expect((await fetch(instance.url)).status).toBe(200);
});
