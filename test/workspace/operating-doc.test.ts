import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sluice } from '../peers/sluice.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}docs/operating.md`, 'utf8');
const unit = readFileSync(`${root}docs/operating/sluice.service`, 'utf8');

/** The lines of the page's shell blocks, and its pieces of code within text. */
const shell = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
const inline = [...page.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('docs/operating.md', () => {
  const commands = [...shell, ...inline].filter((line) => /^sluice [a-z]/.test(line));
  const uses = commands.map((line) => {
    const words = line.split(' ').slice(1);
    const isPlugins = words[0] === 'mtproto';
    return { line, command: words.slice(0, isPlugins ? 2 : 1), options: words.filter((word) => word.startsWith('-')) };
  });

  it('names commands and options that there are', async () => {
    expect(uses.length).toBeGreaterThan(8);
    const names = [...new Set(uses.map(({ command }) => command.join(' ')))];
    const helps = new Map<string, string>();
    for (const name of names) {
      const { code, stdout } = await sluice([...name.split(' '), '--help']);
      expect({ name, code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`sluice ${name}`) as string,
      });
      helps.set(name, stdout);
    }
    for (const { line, command, options } of uses)
      for (const option of options)
        expect(`${line}: ${helps.get(command.join(' ')) ?? ''}`).toMatch(new RegExp(`\n +(-\\w, )?${option}\\b`));
  }, 60_000);

  it('names files that there are, and every file that ships for it', () => {
    const named = [...page.matchAll(/\b((?:docs|packages)\/[\w./-]+\w)/g)].map(([, file = '']) => file);
    // The bundle is made by the build.
    expect(named.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
    for (const file of readdirSync(`${root}docs/operating`)) expect(page).toContain(`(operating/${file})`);
    const linked = [...page.matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g)].map(([, file = '']) => file);
    expect(linked.filter((file) => !existsSync(`${root}docs/${file}`))).toEqual([]);
  });

  it('speaks of the unit as it is', () => {
    const keys = inline.filter((code) => /^[A-Z]\w+=$/.test(code)).map((code) => code.slice(0, -1));
    // What people may add themselves.
    const added = ['ReadWritePaths', 'MemoryMax'];
    expect(keys.length).toBeGreaterThan(6);
    for (const key of keys.filter((each) => !added.includes(each))) expect(unit).toContain(`\n${key}=`);
    expect(page).toContain(`allows ${Number(/LimitNOFILE=(\d+)/.exec(unit)?.[1]).toLocaleString('en')}`);
    for (const folder of ['StateDirectory', 'LogsDirectory', 'RuntimeDirectory', 'ConfigurationDirectory'])
      expect(unit).toContain(`\n${folder}=sluice\n`);
    for (const path of inline.filter((code) => code === '/run/sluice')) expect(unit).toContain(`${path}/control.sock`);
  });

  it('names the signals and commands of the rules for logrotate as they are', () => {
    const rules = readFileSync(`${root}docs/operating/sluice.logrotate`, 'utf8');
    const told = /systemctl kill .*/.exec(rules)?.[0] ?? 'none';
    expect(shell).toContain(told);
  });

  it('names metrics that there are', () => {
    const metrics = readFileSync(`${root}plugins/metrics/README.md`, 'utf8');
    const named = new Set([...page.matchAll(/\b(sluice_\w+|process_\w+)/g)].map(([, name = '']) => name));
    expect(named.size).toBeGreaterThan(5);
    for (const name of named) expect(metrics).toContain(name);
  });
});
