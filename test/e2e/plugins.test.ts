import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../peers/process.js';
import { sluice, startSluice } from '../peers/sluice.js';
import { dial, Started } from '../interop/program.fixture.js';

/** An inbound that nobody built in: sends everything back in capitals. Plain JavaScript without any import. */
const SHOUT = `
export default {
  name: 'shout', version: '0.3.0', apiVersion: 1, description: 'Sends everything back in capitals.',
  inbounds: { shout: {
    description: 'Sends everything back in capitals.',
    schema: { type: 'object', properties: { mark: { type: 'string' } } },
    networks: () => ['tcp'],
    create: ({ settings }) => ({
      async accept(link, session) {
        session.established();
        for (;;) {
          const said = await link.reader.readSomeOrEnd();
          if (said.length === 0) return;
          link.write(Buffer.from(String(said).toUpperCase() + (settings.mark ?? '')));
        }
      },
    }),
  } },
  commands: [{
    name: 'say', summary: 'Says something loudly.', options: [{ flags: '--what <text>', description: 'what', required: true }],
    run: ({ options, print }) => { print(options.what.toUpperCase()); return 3; },
  }],
};`;

const started = new Started();
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-third-'));
});

afterEach(async () => {
  await started.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(path: string, content: string | object): Promise<string> {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, typeof content === 'string' ? content : JSON.stringify(content));
  return full;
}

async function installShout(manifest: object = {}): Promise<void> {
  const own = { api: '1', entry: './index.js', contributes: { inbounds: ['shout'] }, ...manifest };
  const json = { name: 'sluice-plugin-shout', version: '0.3.0', type: 'module', sluice: own };
  await file('node_modules/sluice-plugin-shout/package.json', json);
  await file('node_modules/sluice-plugin-shout/index.js', SHOUT);
}

describe('a plugin from npm', () => {
  it('serves clients of the program that names it', async () => {
    await installShout();
    const port = await freePort();
    const config = {
      plugins: [join(folder, 'node_modules/sluice-plugin-shout')],
      inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'shout', settings: { mark: '!' } }],
      outbounds: [{ protocol: 'freedom' }],
    };
    started.add(await startSluice(config, [port]));
    const { socket } = await dial(port);
    socket.write('hello');
    const back = await new Promise<string>((resolve) => socket.once('data', (chunk: Buffer) => resolve(String(chunk))));
    expect(back).toBe('HELLO!');
    socket.destroy();
  });

  it('is found beside the configuration, checked with it, and listed', async () => {
    await installShout();
    const inbounds = [{ port: 1, protocol: 'shout', settings: { mark: 7 } }];
    const bad = await file('etc/bad.json', { plugins: ['sluice-plugin-shout'], inbounds });
    const check = await sluice(['check', bad]);
    expect(check.code).toBe(1);
    expect(check.stderr).toMatch(/bad\.json:1:\d+ error C_TYPE/);
    const { code, stdout } = await sluice(['plugins', '-c', bad]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^shout 0\.3\.0 {2}\(.*node_modules\/sluice-plugin-shout\)\n {2}inbounds: shout\n {2}runs with all rights/m,
    );
    expect(stdout).toMatch(/^mtproto .*\(built in\)\n {2}inbounds: mtproto/m);
  });

  it('that cannot be used starts nothing, and says which it is and why', async () => {
    await installShout({ api: '2' });
    const config = await file('etc/old.json', { plugins: ['sluice-plugin-shout', 'absent'], inbounds: [] });
    const { code, stderr, stdout } = await sluice(['run', '-c', config]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /old\.json:1:13 error C_PLUGIN_LOAD the plugin "sluice-plugin-shout" .*plugin API 2; this is 1/,
    );
    expect(stderr).toMatch(/error C_PLUGIN_LOAD the plugin "absent" .*npm install absent/);
    expect(stdout).toBe('');
    const listed = await sluice(['plugins', '--json', '-c', config]);
    expect(listed.code).toBe(1);
    const lines = JSON.parse(listed.stdout) as { name: string; status: string }[];
    expect(lines.filter(({ status }) => status === 'refused').map(({ name }) => name)).toEqual([
      'sluice-plugin-shout',
      'absent',
    ]);
  });

  it('is in the schema for editors by its schema file, which is held to it', async () => {
    await installShout({ schema: './schema.json' });
    const config = await file('etc/c.json', { plugins: ['sluice-plugin-shout'] });
    const schemaFile = join(folder, 'node_modules/sluice-plugin-shout/schema.json');
    const missing = await sluice(['schema', '-c', config]);
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/schema\.json cannot be read as JSON/) as string,
    });
    const made = await sluice(['schema', '--of', join(folder, 'node_modules/sluice-plugin-shout'), '-o', schemaFile]);
    expect(made).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { code, stdout, stderr } = await sluice(['schema', '-c', config]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const schema = JSON.parse(stdout) as { definitions: { inbound: { properties: { protocol: { enum: string[] } } } } };
    expect(schema.definitions.inbound.properties.protocol.enum).toContain('shout');
    expect((await sluice(['plugins', '-c', config])).stdout).toMatch(/^ {2}runs with all rights of the program$/m);
    await writeFile(schemaFile, (await readFile(schemaFile, 'utf8')).replace('mark', 'note'));
    expect((await sluice(['plugins', '-c', config])).stdout).toMatch(/its schema file is out of date/);
  });

  it('has its commands beside those that are built in, and is not run for others', async () => {
    await installShout();
    expect(await sluice(['shout', 'say', '--what', 'hello'], { cwd: folder })).toMatchObject({
      code: 3,
      stdout: 'HELLO\n',
    });
    expect((await sluice(['shout', '--help'], { cwd: folder })).stdout).toContain('Says something loudly.');
    expect((await sluice(['shout', 'say', '--what', 'hello'])).stderr).toMatch(/unknown command 'shout'/);
    await file('node_modules/sluice-plugin-broken/package.json', {
      name: 'sluice-plugin-broken',
      sluice: { api: '1' },
    });
    expect((await sluice(['version'], { cwd: folder })).code).toBe(0);
    await installShout({ api: '2' });
    const refused = await sluice(['shout', 'say'], { cwd: folder });
    expect(refused.stderr).toMatch(/^sluice: the plugin "sluice-plugin-shout" cannot be used: .*plugin API 2/);
  });

  it('may be named on the command line', async () => {
    const module = await file('shout.mjs', SHOUT);
    const config = await file('c.json', { inbounds: [{ port: 1, protocol: 'shout' }], outbounds: [] });
    expect((await sluice(['check', '--plugin', module, config])).code).toBe(0);
    expect((await sluice(['check', config])).stderr).toMatch(/C_UNKNOWN_PROTOCOL/);
  });
});
