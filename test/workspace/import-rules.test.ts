import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: IForbiddenRuleType[];
  options: ICruiseOptions;
};

const packages: Readonly<Record<string, string>> = {
  'packages/net': '@sluice/net',
  'packages/plugin-api': '@sluice/plugin-api',
  'packages/config': '@sluice/config',
  'packages/core': '@sluice/core',
  'packages/testing': '@sluice/testing',
  'packages/language-server': '@sluice/language-server',
  'packages/vscode': 'sluice-vscode',
  'packages/create-sluice-plugin': 'create-sluice-plugin',
  'packages/cli': 'sluice',
  'plugins/a': '@sluice/plugin-a',
  'plugins/b': '@sluice/plugin-b',
};

/** File, what it imports, the rule that says no. */
const refused: readonly (readonly [file: string, specifier: string, rule: string])[] = [
  ['packages/net/src/api.ts', '@sluice/plugin-api', 'net-imports-only'],
  ['packages/net/src/other.ts', '../../config/src/index.js', 'net-imports-only'],
  ['packages/plugin-api/src/core.ts', '@sluice/core', 'plugin-api-imports-only'],
  ['packages/plugin-api/src/config.ts', '@sluice/config', 'plugin-api-imports-only'],
  ['packages/config/src/net.ts', '@sluice/net', 'config-imports-only'],
  ['packages/config/src/core.ts', '@sluice/core', 'config-imports-only'],
  ['packages/core/src/plugin.ts', '@sluice/plugin-a', 'core-imports-only'],
  ['packages/core/src/cli.ts', 'sluice', 'core-imports-only'],
  ['packages/core/src/net.ts', '@sluice/net', 'core-imports-only'],
  ['packages/core/src/testing.ts', '@sluice/testing', 'core-imports-only'],
  ['packages/testing/src/core.ts', '@sluice/core', 'testing-imports-only'],
  ['packages/cli/src/testing.ts', '@sluice/testing', 'cli-imports-only'],
  ['packages/language-server/src/core.ts', '@sluice/core', 'language-server-imports-only'],
  ['packages/create-sluice-plugin/src/api.ts', '@sluice/plugin-api', 'create-sluice-plugin-imports-only'],
  ['packages/vscode/src/server.ts', '@sluice/language-server', 'vscode-imports-only'],
  ['packages/core/src/plugin.test.ts', '@sluice/plugin-a', 'package-tests-import-only'],
  ['plugins/a/src/net.ts', '@sluice/net', 'plugin-imports-only'],
  ['plugins/a/src/core.ts', '@sluice/core', 'plugin-imports-only'],
  ['plugins/a/src/other-plugin.ts', '@sluice/plugin-b', 'plugin-imports-only'],
  ['plugins/a/src/testing.ts', '@sluice/testing', 'plugin-imports-only'],
  ['plugins/a/src/type.ts', 'type @sluice/core', 'plugin-imports-only'],
  ['plugins/a/src/core.test.ts', '@sluice/core', 'plugin-tests-import-only'],
  ['plugins/a/src/deep.ts', '../../../packages/plugin-api/src/inner.js', 'no-deep-imports'],
  ['docs/examples/c/src/core.ts', '@sluice/core', 'example-imports-only'],
  ['test/deep.test.ts', '../packages/core/src/inner.js', 'no-deep-imports-from-tests'],
  ['plugins/a/src/fixture-user.ts', './some.fixture.js', 'no-tests-from-source'],
  ['plugins/a/src/circle-1.ts', './circle-2.js', 'no-cycles'],
  ['packages/net/src/stranger.ts', 'stranger', 'no-undeclared-dependencies'],
  ['packages/net/src/absent.ts', './absent-file.js', 'no-unresolvable'],
];

const accepted: readonly (readonly [file: string, specifier: string])[] = [
  ['packages/plugin-api/src/net.ts', '@sluice/net'],
  ['packages/config/src/api.ts', '@sluice/plugin-api'],
  ['packages/core/src/config.ts', '@sluice/config'],
  ['packages/core/src/api.ts', '@sluice/plugin-api'],
  ['packages/testing/src/net.ts', '@sluice/net'],
  ['packages/cli/src/plugin.ts', '@sluice/plugin-a'],
  ['docs/examples/c/src/api.ts', '@sluice/plugin-api'],
  ['packages/net/src/own.ts', './inner.js'],
  ['plugins/a/src/api.ts', '@sluice/plugin-api'],
  ['plugins/a/src/harness.test.ts', '@sluice/testing'],
  ['test/everything.test.ts', '@sluice/plugin-a'],
];

describe('the import rules', () => {
  let folder: string;
  let found: { from: string; rule: string }[];

  async function write(file: string, content: string): Promise<void> {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-import-rules-'));
    await write('tsconfig.check.json', '{ "compilerOptions": { "module": "NodeNext" } }');
    await write('package.json', '{ "private": true }');
    await mkdir(join(folder, 'node_modules/@sluice'), { recursive: true });
    for (const [place, name] of Object.entries(packages)) {
      await write(join(place, 'package.json'), JSON.stringify({ name, type: 'module', exports: './src/index.ts' }));
      await write(join(place, 'src/index.ts'), 'export const a = 1;\n');
      await write(join(place, 'src/inner.ts'), 'export const a = 1;\n');
      await symlink(join(folder, place), join(folder, 'node_modules', name), 'junction');
    }
    await write('node_modules/stranger/package.json', '{ "name": "stranger", "main": "./index.js" }');
    await write('node_modules/stranger/index.js', 'exports.a = 1;\n');
    await write('plugins/a/src/some.fixture.ts', 'export const a = 1;\n');
    await write('plugins/a/src/circle-2.ts', "export { a } from './circle-1.js';\n");
    for (const [file, specifier] of [...refused, ...accepted]) {
      const type = specifier.startsWith('type ') ? 'type ' : '';
      await write(file, `export ${type}{ a } from '${specifier.slice(type.length)}';\n`);
    }
    // The configuration that the linter uses, but for the tsconfig, which cruise() takes already parsed.
    const { tsConfig, ...options } = config.options;
    expect(tsConfig).toBeDefined();
    const { output } = await cruise(['docs/examples', 'packages', 'plugins', 'test'], {
      ...options,
      baseDir: folder,
      validate: true,
      ruleSet: { forbidden: config.forbidden },
    });
    found = (output as ICruiseResult).summary.violations.map(({ from, rule }) => ({ from, rule: rule.name }));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(refused)('%s may not import %s: %s', (file, _specifier, rule) => {
    expect(found).toContainEqual({ from: file, rule });
  });

  it.each(accepted)('%s may import %s', (file) => {
    expect(found.filter(({ from }) => from === file)).toEqual([]);
  });

  it('has a case for every rule', () => {
    const covered = new Set(refused.map(([, , rule]) => rule));
    // A development dependency in source needs an installed one; the linter has met it in the workspace itself.
    const rules = config.forbidden.map(({ name }) => name).filter((name) => name !== 'no-dev-dependencies-in-source');
    expect([...covered].sort()).toEqual(rules.sort());
  });
});
