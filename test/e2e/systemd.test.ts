import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Started } from '../interop/program.fixture.js';
import { describePeers } from '../peers/describe-peers.js';
import { freePort, runProcess, startProcess, untilListening, type PeerProcess } from '../peers/process.js';
import { sluice, startSluice, type SluiceProcess } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';

const unitFile = fileURLToPath(new URL('../../docs/operating/sluice.service', import.meta.url));
const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));

const started = new Started();
afterEach(() => started.close());

async function folder(): Promise<string> {
  const { path, remove } = await temporaryFolder('systemd');
  started.add({ close: remove });
  return path;
}

const socksOn = (port: number): object => ({
  log: { loglevel: 'warning' },
  inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'socks' }],
  outbounds: [{ tag: 'out', protocol: 'freedom' }],
});

describePeers('the systemd unit', ['systemd-analyze'], () => {
  it('is understood by systemd', async () => {
    const unit = join(await folder(), 'sluice.service');
    const text = await readFile(unitFile, 'utf8');
    // systemd looks whether the commands are there.
    await writeFile(unit, text.replaceAll('/usr/local/bin/sluice', program));
    const { code, stdout, stderr } = await runProcess('systemd-analyze', ['verify', '--man=no', unit]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(text.match(/\/usr\/local\/bin\/sluice/g)).toHaveLength(2);
  });

  it('exposes little, by systemd’s own reckoning', async () => {
    const threshold = ['--offline=true', '--threshold=20', '--no-pager'];
    const { code, stdout } = await runProcess('systemd-analyze', ['security', ...threshold, unitFile]);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/level.*: 1\.\d OK/) as string });
  });
});

/** The names in a group of system calls, with those of the groups in it. */
async function callsIn(groups: readonly string[]): Promise<Set<string>> {
  const { stdout } = await runProcess('systemd-analyze', ['syscall-filter', '--no-pager', ...groups]);
  const words = stdout
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.trim())
    .filter((word) => !word.startsWith('#'));
  const inner = words.filter((word) => word.startsWith('@'));
  const deeper = inner.length === 0 ? [] : await callsIn(inner);
  return new Set([...words.filter((word) => !word.startsWith('@')), ...deeper]);
}

describePeers('the unit’s filter of system calls', ['systemd-analyze', 'strace', 'curl'], () => {
  it('forbids nothing that the program needs', async () => {
    const filters = [...(await readFile(unitFile, 'utf8')).matchAll(/^SystemCallFilter=(~?)(.*)$/gm)];
    const named = (sign: string): string[] =>
      filters.filter(([, each]) => each === sign).flatMap(([, , groups = '']) => groups.split(' '));
    const [allowed, denied] = [await callsIn(named('')), await callsIn(named('~'))];
    // systemd never takes these away.
    const basic = await callsIn(['@default']);
    expect([allowed.size, denied.size, basic.size].every((size) => size > 20)).toBe(true);

    const at = await folder();
    const [trace, control, config] = ['trace', 'control.sock', 'config.json'].map((name) => join(at, name)) as [
      string,
      string,
      string,
    ];
    const port = await freePort();
    const log = { loglevel: 'info', access: join(at, 'access.log'), error: join(at, 'error.log') };
    await writeFile(config, JSON.stringify({ ...socksOn(port), log }));
    const command = [process.execPath, program, 'run', '-c', config, '--control', control];
    const traced = started.add(
      await startProcess('strace', ['-f', '-qq', '-o', trace, ...command], {
        ready: [{ host: '127.0.0.1', port }],
        timeout: 30_000,
      }),
    );
    const pid = Number(/^(\d+)/.exec(await readFile(trace, 'utf8'))?.[1]);
    // strace would leave it running.
    started.add({
      close: async () => {
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      },
    });
    // A connection, a name to resolve, a reload, logs opened anew, and the end.
    await runProcess('curl', ['--max-time', '5', '--socks5-hostname', `127.0.0.1:${port}`, `http://localhost:${port}`]);
    expect((await sluice(['reload', '--control', control])).code).toBe(0);
    process.kill(pid, 'SIGUSR2');
    process.kill(pid, 'SIGTERM');
    expect(await traced.exited).toBe(0);

    const made = [...(await readFile(trace, 'utf8')).matchAll(/^\d+ +([a-z0-9_]+)\(/gm)].map(([, name = '']) => name);
    expect(new Set(made).size).toBeGreaterThan(40);
    const forbidden = [...new Set(made)].filter((call) => !basic.has(call) && (!allowed.has(call) || denied.has(call)));
    // V8 goes without memory protection keys where there are none.
    expect(forbidden.filter((call) => call !== 'pkey_alloc')).toEqual([]);
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const receiver = `
import socket, sys
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(sys.argv[1])
while True:
    print(told.recv(4096).decode(), flush=True)
`;

describePeers('a service manager', ['systemd-notify', 'python3'], () => {
  async function withNotifications(): Promise<{ told: PeerProcess; core: SluiceProcess; control: string }> {
    const at = await folder();
    const [notify, control] = [join(at, 'notify.sock'), join(at, 'control.sock')];
    const told = started.add(await startProcess('/usr/bin/python3', ['-c', receiver, notify], { ready: [] }));
    await expect.poll(() => existsSync(notify), { timeout: 10_000 }).toBe(true);
    const port = await freePort();
    const env = { NOTIFY_SOCKET: notify, SLUICE_CONTROL: control };
    return { told, core: started.add(await startSluice(socksOn(port), [port], { env })), control };
  }

  const states = (told: PeerProcess): string[] =>
    [...told.output().matchAll(/^(READY|RELOADING|STOPPING)=1$/gm)].map(([, state = '']) => state);

  it('is told of readiness, of reloads and of the end, in this order', async () => {
    const { told, core, control } = await withNotifications();
    const is = (...expected: string[]): Promise<void> =>
      expect.poll(() => states(told), { timeout: 10_000 }).toEqual(expected);
    await is('READY');
    expect(told.output()).toContain(`MAINPID=${core.pid}\n`);
    expect(told.output()).toMatch(/^STATUS=sluice \d/m);
    const reloaded = ['RELOADING', 'READY'];
    const again = await Promise.all([1, 2].map(() => sluice(['reload', '--control', control])));
    expect(again.map(({ code }) => code)).toEqual([0, 0]);
    await expect.poll(() => states(told), { timeout: 10_000 }).toHaveLength(5);
    // It is ready again when all is done, however often it was asked.
    expect(states(told).filter((state) => state === 'READY')).toHaveLength(3);
    expect(states(told).at(-1)).toBe('READY');
    // A bad file leaves it ready, too.
    const before = states(told);
    await writeFile(core.configFile, 'nonsense');
    expect((await sluice(['reload', '--control', control])).code).toBe(1);
    await is(...before, ...reloaded);
    process.kill(core.pid, 'SIGTERM');
    expect(await core.exited).toBe(0);
    await is(...before, ...reloaded, 'STOPPING');
    expect(core.output()).not.toContain('systemd-notify failed');
  }, 30_000);
});

describe('without a service manager', () => {
  it('nobody is told, and nothing is missed', async () => {
    const port = await freePort();
    const core = started.add(await startSluice(socksOn(port), [port], { env: { NOTIFY_SOCKET: undefined, PATH: '' } }));
    await untilListening(port);
    process.kill(core.pid, 'SIGHUP');
    await expect.poll(() => core.output(), { timeout: 10_000 }).toContain('Reloaded: 2 kept.');
    expect(core.output()).not.toContain('systemd-notify');
  });
});
