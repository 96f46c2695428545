import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { serve, Started } from '../interop/program.fixture.js';
import { freePort, untilListening } from '../peers/process.js';
import { sluice, startSluice, type SluiceProcess } from '../peers/sluice.js';
import { temporaryFolder } from '../peers/temporary.js';
import { connectTo, gone, readBytes } from './runtime.fixture.js';

const started = new Started();
afterEach(() => started.close());

async function folder(): Promise<string> {
  const { path, remove } = await temporaryFolder('reload');
  started.add({ close: remove });
  return path;
}

interface Door {
  readonly tag: string;
  readonly port: number;
}

/** Each door leads to the same echo server. */
async function doors(...tags: string[]): Promise<{ readonly all: Door[]; readonly config: (open: Door[]) => object }> {
  const { port: target } = started.add(await serve((socket) => socket.pipe(socket)));
  const all = await Promise.all(tags.map(async (tag) => ({ tag, port: await freePort() })));
  const config = (open: Door[]): object => ({
    log: { loglevel: 'warning' },
    inbounds: open.map(({ tag, port }) => ({
      tag,
      port,
      listen: '127.0.0.1',
      protocol: 'dokodemo-door',
      settings: { address: '127.0.0.1', port: target, network: 'tcp' },
    })),
    outbounds: [{ tag: 'out', protocol: 'freedom' }],
  });
  return { all, config };
}

async function startWith(
  config: object,
  open: readonly Door[],
  options: Parameters<typeof startSluice>[2] = {},
): Promise<SluiceProcess> {
  return started.add(
    await startSluice(
      config,
      open.map(({ port }) => port),
      options,
    ),
  );
}

/** Put in its place at once, as editors do, so that nobody reads half of it. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

async function echo(socket: net.Socket, text: string): Promise<void> {
  socket.write(text);
  expect(String(await readBytes(socket, text.length))).toBe(text);
}

async function through({ port }: Door): Promise<net.Socket> {
  const socket = await connectTo(port);
  started.add({ close: async () => void socket.destroy() });
  await echo(socket, 'hello');
  return socket;
}

async function refused({ port }: Door): Promise<void> {
  const [error] = (await once(net.connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
}

const says = (program: SluiceProcess, text: string | RegExp): Promise<void> =>
  expect.poll(() => program.output(), { timeout: 10_000 }).toMatch(text);

describe('sluice reload', () => {
  it('goes over to the file as it is now, and says what became of it', async () => {
    const { all, config } = await doors('kept', 'leaving', 'coming');
    const [kept, leaving, coming] = all as [Door, Door, Door];
    const control = join(await folder(), 'control.sock');
    const program = await startWith(config([kept, leaving]), [kept, leaving], { args: ['--control', control] });
    expect((await stat(control)).mode & 0o777).toBe(0o600);
    const [one, other] = [await through(kept), await through(leaving)];
    await replace(program.configFile, JSON.stringify(config([kept, coming])));
    const { code, stdout, stderr } = await sluice(['reload', '--control', control]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'Reloaded: added inbound coming; removed inbound leaving; 2 kept.\n',
      stderr: '',
    });
    await through(coming);
    await refused(leaving);
    await echo(one, 'still there?');
    await echo(other, 'still there?');
    // The socket goes with the core.
    const exited = program.exited;
    process.kill(program.pid, 'SIGTERM');
    one.end();
    other.end();
    expect(await exited).toBe(0);
    expect(existsSync(control)).toBe(false);
  });

  it('finds the socket by SLUICE_CONTROL', async () => {
    const { all, config } = await doors('in');
    const env = { SLUICE_CONTROL: join(await folder(), 'control.sock') };
    await startWith(config(all), all, { env });
    const { code, stdout } = await sluice(['reload'], { env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Reloaded: 2 kept.\n' });
    const unnamed = await sluice(['reload'], { env: { SLUICE_CONTROL: undefined } });
    expect(unnamed).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--control') as string });
  });

  it('changes nothing after a bad file, and says why on both sides', async () => {
    const { all, config } = await doors('in', 'more');
    const [first, more] = all as [Door, Door];
    const control = join(await folder(), 'control.sock');
    const program = await startWith(config([first]), [first], { args: ['--control', control] });
    const socket = await through(first);
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    started.add({ close: async () => void taken.close() });
    const inUse = { tag: 'taken', port: (taken.address() as net.AddressInfo).port };
    const bad: [string, RegExp][] = [
      ['{ "inbounds": [', /config\.json:1:\d+: .*\(E_CONFIG_INVALID\)/],
      [
        JSON.stringify(config([more])).replace('dokodemo-door', 'dokodemo-dor'),
        /config\.json:1:\d+: no inbound speaks this protocol \(E_CONFIG_INVALID\)/,
      ],
      [JSON.stringify(config([more, inUse])), /in use.*\(E_LISTEN_IN_USE\)/],
    ];
    for (const [text, why] of bad) {
      await replace(program.configFile, text);
      const { code, stdout, stderr } = await sluice(['reload', '--control', control]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(why);
      expect(program.output()).toMatch(new RegExp(`all goes on as before: .*${why.source}`));
      await echo(socket, 'still there?');
      await through(first);
      await refused(more);
    }
    await replace(program.configFile, JSON.stringify(config([first, more])));
    expect((await sluice(['reload', '--control', control])).code).toBe(0);
    await through(more);
  });

  it('says that nobody is there', async () => {
    const none = join(await folder(), 'none.sock');
    const { code, stderr } = await sluice(['reload', '--control', none]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no core answers at .*none\.sock: .*ENOENT.*\(E_DIAL_FAILED\)/);
  });

  it('takes over the socket of a core that was killed, but not that of one that runs', async () => {
    const { all, config } = await doors('a', 'b', 'c');
    const [a, b, c] = all as [Door, Door, Door];
    const control = join(await folder(), 'control.sock');
    const args = ['--control', control];
    const first = await startWith(config([a]), [a], { args });
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    expect((await stat(control)).isSocket()).toBe(true);
    const dead = await sluice(['reload', ...args]);
    expect(dead).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') as string });
    const second = await startWith(config([b]), [b], { args });
    expect((await sluice(['reload', ...args])).code).toBe(0);
    // A third has no place there, and opens nothing.
    const file = join(await folder(), 'config.json');
    await writeFile(file, JSON.stringify(config([c])));
    const third = await sluice(['run', '-c', file, ...args]);
    expect(third.code).toBe(1);
    expect(third.stderr).toMatch(/another core listens on the control socket .*\(E_LISTEN_IN_USE\)/);
    await refused(c);
    // The second still answers there.
    expect((await sluice(['reload', ...args])).stdout).toBe('Reloaded: 2 kept.\n');
    expect(second.output().match(/Reloaded/g)).toHaveLength(2);
  });

  it('leaves a file alone that is no socket', async () => {
    const { all, config } = await doors('in');
    const at = await folder();
    const [control, file] = [join(at, 'precious'), join(at, 'config.json')];
    await writeFile(control, 'not a socket');
    await writeFile(file, JSON.stringify(config(all)));
    const { code, stderr } = await sluice(['run', '-c', file, '--control', control]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/precious is not a socket.*\(E_LISTEN_FAILED\)/);
    expect(await readFile(control, 'utf8')).toBe('not a socket');
  });
});

describe('SIGHUP', () => {
  it('ends nothing when it comes as soon as there is a port', async () => {
    const { all, config } = await doors('in');
    const program = await startWith(config(all), all);
    for (const signal of ['SIGHUP', 'SIGUSR2', 'SIGHUP'] as const) process.kill(program.pid, signal);
    await expect
      .poll(() => program.output().match(/Reloaded: 2 kept\./g)?.length, { timeout: 10_000 })
      .toBeGreaterThan(0);
    await through(all[0] as Door);
  });

  it('reloads, and a bad file changes nothing', async () => {
    const { all, config } = await doors('in', 'more');
    const [first, more] = all as [Door, Door];
    const program = await startWith(config([first]), [first]);
    const socket = await through(first);
    await replace(program.configFile, '{ ]');
    process.kill(program.pid, 'SIGHUP');
    await says(program, /not reloaded, all goes on as before: .*config\.json:1:3: /);
    await echo(socket, 'still there?');
    await replace(program.configFile, JSON.stringify(config([first, more])));
    process.kill(program.pid, 'SIGHUP');
    await untilListening(more.port);
    await says(program, 'Reloaded: added inbound more; 2 kept.');
    await echo(socket, 'still there?');
  });
});

describe('--watch', () => {
  it('reloads whenever the file is written or replaced', async () => {
    const { all, config } = await doors('in', 'more', 'last');
    const [first, more, last] = all as [Door, Door, Door];
    const program = await startWith(config([first]), [first], { args: ['--watch'] });
    const socket = await through(first);
    // Written where it is.
    await writeFile(program.configFile, JSON.stringify(config([first, more])));
    await untilListening(more.port);
    // Another file in its place.
    await replace(program.configFile, JSON.stringify(config([first, last])));
    await untilListening(last.port);
    await says(program, 'added inbound last; removed inbound more');
    await replace(program.configFile, 'nonsense');
    await says(program, 'not reloaded, all goes on as before');
    await replace(program.configFile, JSON.stringify(config([last])));
    await says(program, 'Reloaded: removed inbound in');
    await echo(socket, 'still there?');
    expect(program.output().match(/Reloaded/g)).toHaveLength(3);
  });
});

describe('SIGUSR2', () => {
  const withLogs = (config: object, at: string): object => ({
    ...config,
    log: { loglevel: 'info', access: join(at, 'access.log'), error: join(at, 'error.log') },
  });

  it('opens log files anew, which were renamed', async () => {
    const { all, config } = await doors('in');
    const [door] = all as [Door];
    const at = await folder();
    const access = join(at, 'access.log');
    const program = await startWith(withLogs(config(all), at), all);
    const line = async (file: string): Promise<void> => {
      const socket = await through(door);
      const from = `127.0.0.1:${socket.localPort} accepted`;
      socket.end();
      await gone(socket);
      await expect.poll(() => readFile(file, 'utf8'), { timeout: 10_000 }).toContain(from);
    };
    await line(access);
    await rename(access, `${access}.1`);
    // Until it is told, it goes on in the old one.
    await line(`${access}.1`);
    process.kill(program.pid, 'SIGUSR2');
    await expect.poll(() => existsSync(access), { timeout: 10_000 }).toBe(true);
    await line(access);
  });

  it('keeps the old files where new ones cannot be made', async () => {
    const { all, config } = await doors('in');
    const at = await folder();
    const program = await startWith(withLogs(config(all), at), all);
    const error = join(at, 'error.log');
    await rename(error, `${error}.1`);
    // Root could open a file that is forbidden, but no folder.
    await mkdir(error);
    process.kill(program.pid, 'SIGUSR2');
    await says(program, /log files stay as they were: .*error\.log/);
    await through(all[0] as Door);
  });
});
