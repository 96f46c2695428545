import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { Started } from '../interop/program.fixture.js';
import { freePort, runProcess, startProcess } from '../peers/process.js';
import { temporaryFolder } from '../peers/temporary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = join(root, 'docs/operating/Dockerfile');

const started = new Started();
afterEach(() => started.close());

/** The instructions, each in one line, without comments; those of the last stage apart. */
async function stages(): Promise<readonly (readonly string[])[]> {
  const text = await readFile(dockerfile, 'utf8');
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n');
  const from = lines.flatMap((line, index) => (line.startsWith('FROM ') ? [index] : []));
  return from.map((start, index) => lines.slice(start, from[index + 1]).filter((line) => line.trim() !== ''));
}

/** What follows an instruction's name. */
function all(stage: readonly string[], name: string): string[] {
  return stage.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());
}

it('is built from what is there, and nothing that was built here gets in', async () => {
  const [build = []] = await stages();
  const run = all(build, 'RUN').join(' && ');
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const [, script = ''] of run.matchAll(/npm run (\S+)/g)) expect(Object.keys(scripts)).toContain(script);
  const ignored = (await readFile(`${dockerfile}.dockerignore`, 'utf8')).split('\n');
  expect(ignored).toEqual(expect.arrayContaining(['*', '**/node_modules', '**/dist', '**/bundle']));
  const kept = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(kept.filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

it('runs from nothing but what its last stage copies, and says that it is healthy while it is', async () => {
  const stage = (await stages()).at(-1) ?? [];
  expect(all(stage, 'USER')).toEqual(['node']);
  expect(all(stage, 'STOPSIGNAL')).toEqual(['SIGTERM']);
  const { path, remove } = await temporaryFolder('image');
  started.add({ close: remove });
  for (const copy of all(stage, 'COPY')) {
    const [, from, to] = /^--from=build \/src\/(\S+) \/(\S+)$/.exec(copy) ?? [];
    if (from === undefined || to === undefined) throw new Error(`not understood: COPY ${copy}`);
    const target = join(path, to.endsWith('/') ? join(to, basename(from)) : to);
    await mkdir(join(target, '..'), { recursive: true });
    await cp(join(root, from), target, { recursive: true });
  }
  expect(all(stage, 'RUN')[0]).toContain('ln -s /opt/sluice/bin/sluice.js /usr/local/bin/sluice');
  expect(all(stage, 'ENTRYPOINT')).toEqual(['["sluice"]']);

  const port = await freePort();
  await mkdir(join(path, 'etc/sluice'), { recursive: true });
  const inbound = {
    tag: 'in',
    listen: '127.0.0.1',
    port,
    protocol: 'mtproto',
    settings: { users: [{ secret: '0'.repeat(32) }] },
  };
  const config = { inbounds: [inbound], outbounds: [{ protocol: 'mtproto', settings: {} }] };
  await writeFile(join(path, 'etc/sluice/config.json'), JSON.stringify(config));
  const command = (JSON.parse(all(stage, 'CMD')[0] ?? '') as string[]).map((word) =>
    word.replace(/^\/etc/, `${path}/etc`),
  );
  const env = { NODE_ENV: 'production', SLUICE_CONTROL: join(path, 'control.sock') };
  const sluice = join(path, 'opt/sluice/bin/sluice.js');
  const core = started.add(
    await startProcess(process.execPath, [sluice, ...command], {
      env,
      cwd: path,
      ready: [{ host: '127.0.0.1', port }],
    }),
  );

  const [, check = ''] = /CMD (\[.*\])$/.exec(all(stage, 'HEALTHCHECK')[0] ?? '') ?? [];
  const [node, ...healthcheck] = JSON.parse(check) as string[];
  expect(node).toBe('node');
  const health = async (): Promise<number | null> => (await runProcess(process.execPath, healthcheck, { env })).code;
  expect(await health()).toBe(0);
  const reload = await runProcess(process.execPath, [sluice, 'reload'], { env });
  expect(reload).toMatchObject({ code: 0, stdout: 'Reloaded: 2 kept.\n' });
  process.kill(core.pid, 'SIGTERM');
  expect(await core.exited).toBe(0);
  expect(await health()).toBe(1);
}, 30_000);
