import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { clientHello } from './client-hello.js';
import { strangersProbes } from './mtproto-fronting-probes.js';
import { siteName, startFronted, type Fronted } from './mtproto-fronting.fixture.js';
import { runProbe, type Probe, type Step, type Transcript } from './prober.js';

/** In seconds: short, so that what is left open ends soon. */
const patience = 2;
const inbounds = ['tls', 'unix', 'all'];

describePeers('strangers in front of nginx', ['nginx', 'openssl'], () => {
  let fronted: Fronted;
  /** By where it was asked and by the probe's name. */
  const transcripts = new Map<string, Map<string, Transcript>>();
  const key = randomBytes(16);
  const probes = strangersProbes(key);

  beforeAll(async () => {
    fronted = await startFronted({
      patience,
      key,
      inbounds: ({ unixPath }) => ({
        tls: {},
        unix: { fronting: { host: unixPath } },
        all: { users: [{ secret: key.toString('hex') }], tls: { serverNames: [siteName] } },
      }),
    });
    const { nginx, program } = fronted;
    const ask = async (where: string, port: number): Promise<void> => {
      const target = { host: '127.0.0.1', port };
      const seen = await Promise.all(probes.map((probe) => runProbe(probe, target, { patience: patience * 1000 })));
      transcripts.set(where, new Map(probes.map(({ name }, i) => [name, seen[i] ?? missing(probes[i])])));
    };
    await ask('nginx', nginx.port);
    for (const tag of inbounds) await ask(tag, program.port(tag));
  });

  afterAll(() => fronted.close());

  const seenAt = (where: string, name: string): readonly string[] => transcripts.get(where)?.get(name)?.seen ?? [];

  const lasted = (where: string, name: string): number => transcripts.get(where)?.get(name)?.lasted ?? 0;

  it.each(probes)('see no difference: $name', ({ name, steps }) => {
    const direct = seenAt('nginx', name);
    expect(direct).not.toEqual([]);
    expect({ tls: seenAt('tls', name), unix: seenAt('unix', name) }).toEqual({ tls: direct, unix: direct });
    // Up to 64 bytes may still become the header of a client without TLS, whose rest has its time.
    const when = (seen: readonly string[]): readonly string[] =>
      mayBecomeHeader(steps) ? seen.map((line) => line.replace(/ (at once|after a time)$/, '')) : seen;
    expect(when(seenAt('all', name))).toEqual(when(direct));
  });

  it('wait about as long as for nginx', () => {
    const differences = (tag: string): string => {
      const late = probes.map(({ name }) => lasted(tag, name) - lasted('nginx', name)).sort((a, b) => a - b);
      const [least, middle, most] = [0, 0.5, 1].map((share) => late[Math.floor(share * (late.length - 1))] ?? 0);
      return `${tag} ${least?.toFixed(0)} to ${most?.toFixed(0)} ms, median ${middle?.toFixed(0)} ms`;
    };
    const idle = ['nginx', ...inbounds].map((tag) => `${tag} ${lasted(tag, 'nothing').toFixed(0)} ms`);
    process.stdout.write(
      `ends that come later than from nginx: ${inbounds.map(differences).join('; ')}\n` +
        `a connection on which nothing is sent is closed: ${idle.join(', ')}\n`,
    );
    expect(lasted('nginx', 'nothing')).toBeGreaterThan(0);
  });

  it('leave nothing open behind them', async () => {
    await expect.poll(() => fronted.nginx.open(), { timeout: 10_000 }).toBe(0);
  });
});

describePeers('a stranger in front of an nginx of less patience than the program', ['nginx', 'openssl'], () => {
  const hello = clientHello({ serverName: siteName });

  it.each([
    ['nothing', []],
    ['one byte', [{ send: hello.subarray(0, 1) }]],
    ['half a hello', [{ send: hello.subarray(0, 200) }]],
    ['half a GET', [{ send: 'GET / HTTP/1.1\r\n' }]],
  ] as const)('is left when nginx leaves: %s', async (name, steps) => {
    const { nginx, program, close } = await startFronted({ patience: 1, handshake: 60, inbounds: () => ({ tls: {} }) });
    try {
      const [direct, through] = await Promise.all(
        [nginx.port, program.port('tls')].map((port) =>
          runProbe({ name, steps }, { host: '127.0.0.1', port }, { patience: 1000 }),
        ),
      );
      expect(direct?.seen).toEqual(['FIN after a time']);
      expect(through?.seen).toEqual(direct?.seen);
    } finally {
      await close();
    }
  });
});

function mayBecomeHeader(steps: readonly Step[]): boolean {
  const lengths = steps.map((step) => {
    if (typeof step === 'string') return 0;
    return 'send' in step ? step.send.length : step.trickle.length;
  });
  return !steps.includes('end') && lengths.reduce((sum, length) => sum + length, 0) < 64;
}

function missing(probe: Probe | undefined): never {
  throw new Error(`no transcript of ${probe?.name}`);
}
