import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, untilListening } from '../peers/process.js';
import { sluice } from '../peers/sluice.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));
const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const jsonc = `// mine
{
  "inbounds": [
    { "tag": "in", "listen": "127.0.0.1", "port": 1080, "protocol": "socks" }, // the way in
    { "port": 4430, "protocol": "mtproto", "settings": { "users": [{ "secret": "${secret}" }] } },
  ],
  "outbounds": [{ "protocol": "freedom" }, { "tag": "m", "protocol": "mtproto" }],
  "routing": { "rules": [{ "type": "field", "inboundTag": ["in"], "outboundTag": "m" }] }
}
`;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder('formats');
});

afterAll(() => folder.remove());

async function file(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
}

describe('sluice convert', () => {
  it('writes YAML and TOML that can be run, with comments and what is lost said', async () => {
    const from = await file('a.jsonc', jsonc);
    for (const to of ['yaml', 'toml']) {
      const { code, stdout, stderr } = await sluice(['convert', '--to', to, from]);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('# mine\n');
      expect(stdout).toContain('# the way in\n');
      const path = await file(`a.${to}`, stdout);
      const checked = await sluice(['check', '--strict', path]);
      expect(checked.stderr).toBe((await sluice(['check', '--strict', from])).stderr);
      expect(checked.code).toBe(0);
    }
    const json = await sluice(['convert', '--to', 'json', from]);
    expect(json.stderr).toBe('sluice: not kept: 2 comments: JSON has none; jsonc keeps them\n');
    expect(JSON.parse(json.stdout)).toMatchObject({ inbounds: [{ port: 1080 }, { port: 4430 }] });
  });

  it('takes the format by the name of the output, which it writes over with --force only', async () => {
    const from = await file('b.jsonc', jsonc);
    const to = join(folder.path, 'b.toml');
    expect((await sluice(['convert', from, '-o', to])).code).toBe(0);
    expect(await readFile(to, 'utf8')).toContain('[[inbounds]]');
    expect((await stat(to)).mode & 0o777).toBe((await stat(from)).mode & 0o777);
    await writeFile(to, 'mine');
    const refused = await sluice(['convert', from, '-o', to]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('EEXIST');
    expect(await readFile(to, 'utf8')).toBe('mine');
    expect((await sluice(['convert', from, '-o', to, '--force'])).code).toBe(0);
    expect(await readFile(to, 'utf8')).toContain('[[inbounds]]');
  });

  it('says what cannot be read, and no secret', async () => {
    const broken = await file('broken.yaml', `secret: ${secret}\n\tx: "${secret}\n`);
    const { code, stdout, stderr } = await sluice(['convert', broken]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${broken}:`);
    expect(stderr).toContain('C_SYNTAX');
    expect(stderr).not.toMatch(/\bat .*\.js:\d+/);
    expect((await sluice(['convert', join(folder.path, 'nowhere.yaml')])).stderr).toContain('ENOENT');
  });
});

describe('configurations', () => {
  it('come from the standard input, in the format that is said', async () => {
    for (const [text, args, code] of [
      ['{"outbounds": [{"protocol": "freedom"}]}', ['-test', '-config', 'stdin:'], 0],
      ['outbounds:\n  - protocol: freedom\n', ['-test', '-format=yaml', '-config=stdin:'], 0],
      ['[[outbounds]]\nprotocol = "freedom"\n', ['check', '--format', 'toml', 'stdin:'], 0],
      ['outbounds:\n  - protocol: freedom\n', ['check', 'stdin:'], 1],
    ] as const) {
      const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.stdin.end(text);
      expect(await once(child, 'close')).toEqual([code, null]);
      expect(stderr.includes('stdin::1:1 error C_SYNTAX')).toBe(code === 1);
    }
  });

  it('refuse a format that there is not', async () => {
    const { code, stderr } = await sluice(['run', '--format', 'protobuf', '-c', 'a']);
    expect(code).toBe(1);
    expect(stderr).toContain('json, jsonc, yaml, toml');
  });

  it('of a folder are run together after files, and anew when one joins them', async () => {
    const parts = join(folder.path, 'config.d');
    await mkdir(parts);
    const [first, second] = [await freePort(), await freePort()];
    const inbound = (port: number): string =>
      `inbounds: [{tag: i${port}, listen: 127.0.0.1, port: ${port}, protocol: socks}]\n`;
    const base = await file('base.json', '{"log": {"access": "none"}, "outbounds": [{"protocol": "freedom"}]}');
    await writeFile(join(parts, '1.yml'), inbound(first));
    const child = spawn(process.execPath, [program, '-confdir', parts, '-config', base, '--watch'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = once(child, 'close');
    try {
      await untilListening(first);
      await writeFile(join(parts, '2.yml'), inbound(second));
      await untilListening(second);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await closed).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});
