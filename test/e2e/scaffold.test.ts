import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProcess, type RunResult } from '../peers/process.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { install, makeWorkshop, npm, packOwn } from './packed.fixture.js';

let folder: TemporaryFolder;
/** Where plugins are made: nothing of ours is in reach but what is installed. */
let workshop = '';
let bin = '';

beforeAll(async () => {
  folder = await temporaryFolder('scaffold');
  const project = join(folder.path, 'user');
  workshop = join(folder.path, 'workshop');
  bin = join(project, 'node_modules/.bin');
  const packed = join(folder.path, 'packed');
  await mkdir(packed);
  const names = ['sluice', 'create-sluice-plugin', '@sluice/plugin-api', '@sluice/net', '@sluice/testing'];
  await install(project, [...(await packOwn(names, packed)).values()]);
  await makeWorkshop(workshop, project);
}, 120_000);

afterAll(() => folder.remove());

const create = (...args: string[]): Promise<RunResult> =>
  runProcess(join(bin, 'create-sluice-plugin'), args, { cwd: workshop });

describe.each([
  ['protocol', 'my-protocol', ['--license', 'ISC']],
  ['transport', 'wrap', []],
  ['rule', 'opening-hours', ['--license', 'none']],
  ['service', 'sluice-plugin-pulse', ['--license', '0BSD']],
])('npm create sluice-plugin, of the kind %s', (kind, name, more) => {
  it('makes a plugin that is built, passes its tests, and is known to the command', async () => {
    const made = await create(name, '--kind', kind, ...more);
    expect([made.code, made.stderr]).toEqual([0, '']);
    const at = join(workshop, name);
    const files = await readdir(at, { recursive: true });
    const expected = ['.gitignore', '.github/workflows/ci.yml', 'README.md', 'src/index.ts', 'example.jsonc'];
    expect(files).toEqual(expect.arrayContaining(expected));
    expect(files.includes('LICENSE')).toBe(!more.includes('none'));
    for (const file of files.filter((each) => /\.\w+$/.test(each)))
      expect(await readFile(join(at, file), 'utf8').catch(() => '')).not.toMatch(/__(name|package)__/i);

    await npm(at, ['run', 'check']);
    expect(await npm(at, ['test'])).toMatch(/Tests .* passed/);

    const local = { cwd: at, timeout: 20_000 };
    const short = name.replace('sluice-plugin-', '');
    const listed = await runProcess(join(bin, 'sluice'), ['plugins', '--plugin', '.', '--json'], local);
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    const plugins = JSON.parse(listed.stdout) as { name: string; status: string }[];
    expect(plugins).toContainEqual(expect.objectContaining({ name: short, status: 'ok' }));
    // Under its own name once it is installed beside them.
    const example = (await readFile(join(at, 'example.jsonc'), 'utf8')).replace(`"sluice-plugin-${short}"`, '"."');
    const checked = await runProcess(join(bin, 'sluice'), ['check', '--strict', '--format', 'jsonc', 'stdin:'], {
      ...local,
      input: example,
    });
    expect([checked.code, checked.stderr]).toEqual([0, expect.not.stringContaining('error')]);
    const packed = await npm(at, ['pack', '--dry-run', '--json', '--ignore-scripts']);
    expect(packed).toContain('dist/index.js');
    expect(packed).not.toContain('.test.');
  });
});

describe('npm create sluice-plugin', () => {
  it.each([
    [[], 'say a name'],
    [['My Plugin', '--kind', 'rule'], 'is no name'],
    [['../up', '--kind', 'rule'], 'is no name'],
    [['a'], 'say --kind: protocol, transport, rule, service'],
    [['a', '--kind', 'tunnel'], 'is no kind'],
    [['a', '--kind', 'rule', '--license', 'GPL'], 'none of the licenses'],
    [['a', '--what'], '--what'],
    [['x', '--kind', 'rule', '--folder', 'node_modules'], 'is not empty'],
  ])('refuses %j in a line, and makes nothing', async (args, expected) => {
    const { code, stdout, stderr } = await create(...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(expected);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await readdir(workshop)).not.toContain('a');
  });

  it('asks at a terminal for what is not said', async () => {
    const command = `${join(bin, 'create-sluice-plugin')} asked`;
    const input = 'service\nnone\n';
    const { code } = await runProcess('script', ['-qec', command, '/dev/null'], { cwd: workshop, input });
    expect(code).toBe(0);
    expect(await readFile(join(workshop, 'asked/package.json'), 'utf8')).toContain('"UNLICENSED"');
  });
});
