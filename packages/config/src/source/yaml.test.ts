import { beforeAll, describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../diagnostics/format.js';
import { covered, inbound, summary } from '../load.fixture.js';
import { loadTexts, prepareFormats, type TextLoadResult } from '../load.js';
import { plugins } from '../plugins.fixture.js';
import { Problems } from '../diagnostics/problems.js';
import { toValue } from './node.js';
import { Source } from './source.js';
import { readYaml } from './yaml.js';

beforeAll(() => prepareFormats([{ file: 'config.yaml' }]));

const load = (text: string): TextLoadResult => loadTexts([{ file: 'config.yaml', text }], { plugins, env: {} });

function read(text: string): { value: unknown; said: readonly string[] } {
  const problems = new Problems();
  const node = readYaml(new Source('config.yaml', text), problems);
  const said = problems
    .sorted(['config.yaml'])
    .map(({ code, range, message }) => `${code} ${range?.line}:${range?.column} ${message}`);
  return { value: node && toValue(node), said };
}

const users = (lines: string): string =>
  `inbounds:\n  - tag: in\n    port: 1080\n    protocol: echo\n    settings:\n      users:\n        - ${lines.replaceAll('\n', '\n          ')}\n`;

describe('YAML', () => {
  it.each<[string, string, unknown]>([
    ['Norway', 'a: no\nb: off\nc: y', { a: 'no', b: 'off', c: 'y' }],
    ['octal', 'a: 0o17\nb: 017\nc: 0x1f', { a: 15, b: 17, c: 31 }],
    ['sexagesimal', 'a: 22:30\nb: 1:2:3', { a: '22:30', b: '1:2:3' }],
    ['dates', 'a: 2024-01-02', { a: '2024-01-02' }],
    ['null in its forms', 'a: ~\nb:\nc: null\nd: ""', { a: null, b: null, c: null, d: '' }],
    ['carriage returns', 'a: 1\r\nb:\r\n  - x\r\n', { a: 1, b: ['x'] }],
    ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
    ['texts of several lines', 'a: |\n  x\n  y\nb: >-\n  x\n  y\n', { a: 'x\ny\n', b: 'x y' }],
    [
      'keys of digits and null',
      '0: a\n01: b\nnull: c\n__proto__: d',
      Object.fromEntries([
        ['0', 'a'],
        ['01', 'b'],
        ['null', 'c'],
        ['__proto__', 'd'],
      ]),
    ],
    ['the tags of the core', 'a: !!str 12\nb: !!int "3"', { a: '12', b: 3 }],
    ['aliases', 'a: &x [1]\nb: *x\nc: &x 2\nd: *x', { a: [1], b: [1], c: 2, d: 2 }],
    [
      'merge keys',
      'a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc:\n  q: 4\n  <<: [*x, {r: 5}]',
      { a: { p: 1, q: 2 }, b: { p: 1, q: 3 }, c: { q: 4, p: 1, r: 5 } },
    ],
    ['JSON', '{"a": [1, "x", null, {"b": true}]}', { a: [1, 'x', null, { b: true }] }],
    ['one document with its marks', '%YAML 1.2\n---\na: 1\n...\n', { a: 1 }],
  ])('reads %s', (_, text, value) => {
    expect(read(text)).toEqual({ value, said: [] });
  });

  it.each([
    ['a tab', 'a:\n\tb: 1', /^C_SYNTAX 2:1 YAML is indented by spaces/],
    ['a second document', 'a: 1\n---\nb: 2', /^C_SYNTAX 2:1 a second document/],
    ['an unknown tag', 'a: 1\nb: !secret x', /^C_SYNTAX 2:\d+ /],
    ['a tag of types', 'b: !!binary aGk=', /^C_SYNTAX 1:\d+ /],
    ['an unknown alias', 'a: *x', /^C_SYNTAX 1:4 /],
    ['an alias in what it repeats', 'a: &x\n  b: *x', /^C_SYNTAX 2:6 an alias inside what it repeats/],
    ['a key that is a list', '? [1]\n: 2', /^C_SYNTAX 1:\d a key must be a text/],
    ['no number', 'a: .nan', /^C_TYPE 1:4 /],
    ['infinity', 'a: [-.inf]', /^C_TYPE 1:5 /],
    ['nothing', '# only this\n', /^C_SYNTAX 1:1 the file is empty/],
    ['an open quote', 'a: "x\nb: 1', /^C_SYNTAX/],
    ['a merge of a text', 'a:\n  <<: x', /^C_SYNTAX 2:7 "<<" takes/],
    ['deep brackets', `a: ${'['.repeat(50_000)}`, /nested/],
    ['deep lists', `${'- '.repeat(5000)}a`, /nested/],
    [
      'an alias bomb',
      [
        'a0: &a0 [x, x]',
        ...Array.from({ length: 40 }, (__, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`),
      ].join('\n'),
      /aliases repeat more than/,
    ],
  ])('refuses %s', (_, text, message) => {
    const { value, said } = read(text);
    expect(value).toBeUndefined();
    expect(said[0]).toMatch(message);
  });

  it('warns of keys that stand twice, the last one counts', () => {
    const { value, said } = read('a: 1\nb: 2\na: 3');
    expect(value).toEqual({ b: 2, a: 3 });
    expect(said).toEqual(['C_DUPLICATE_KEY 1:1 "a" stands here and again further on; the last one counts']);
  });

  it('points at values and keys', () => {
    const text = 'inbounds:\n  - tag: in\n    port: 70000\n    protocol: echo\n    settings: {}\nlgo: {}\n';
    const result = load(text);
    expect(summary(result)).toEqual(['error C_PORT /inbounds/0/port', 'warning C_UNKNOWN_KEY /lgo']);
    expect(result.diagnostics.map((one) => covered(text, one))).toEqual(['70000', 'lgo']);
  });

  it.each(['12345678', '00112233', '12_345', '123e45', '0x1234', 'true'])(
    'takes %s without quotes for the text that a key wants',
    (name) => {
      const { config, diagnostics } = load(users(`name: ${name}\nsecret: 'ab'`));
      expect(diagnostics).toEqual([]);
      expect(config?.inbounds[0]?.settings).toMatchObject({ users: [{ name }] });
    },
  );

  it('takes a secret of digits for what is written', () => {
    const { config, diagnostics } = load(users('name: me\nsecret: 0011223344556677'));
    expect(diagnostics).toEqual([]);
    expect(config?.inbounds[0]?.settings).toMatchObject({ users: [{ secret: '0011223344556677' }] });
  });

  it.each([
    ['plain', 'name: 5.x\nsecret: b0cbcef5 b0cbcef5'],
    ['in a block', 'name: x\nsecret: |\n  b0cbcef5\n  b0cbcef5'],
    ['in a list', 'name: x\nsecret:\n- b0cbcef5\n- b0cbcef5'],
    ['in braces', 'name: x\nmore: {secret: b0cbcef5 b0cbcef5, a: 1}'],
    ['behind an anchor', 'name: &s b0cbcef5\nsecret: *s'],
    ['behind an anchor in a broken file', 'name: &s b0cbcef5\nsecret: *s\n\tx: "'],
    ['with an anchor', 'name: x\nsecret: &s b0cbcef5'],
    ['in a broken file', 'name: x\nsecret: b0cbcef5 b0cbcef5\nx: "'],
    ['quoted over lines in a broken file', 'name: x\nsecret: "b0cbcef5\n  b0cbcef5'],
    ['in a comment', 'name: 5\n# secret: b0cbcef5'],
  ])('masks secrets: %s', (_, user) => {
    const { diagnostics, sources } = load(`${users(user)}log: 5\n`);
    expect(diagnostics.length).toBeGreaterThan(0);
    const shown = diagnostics.map((one) => formatDiagnostic(one, sources.get('config.yaml')));
    expect([...shown, JSON.stringify(diagnostics), ...sources.values()].join('\n')).not.toContain('b0cbcef5');
  });

  it('says the same of an inbound as JSON does', () => {
    const value = { inbounds: [inbound({ port: '70000', settings: { mode: 'fancyy' } })], outbounds: 5 };
    const json = loadTexts([{ file: 'a.json', text: JSON.stringify(value) }], { plugins, env: {} });
    expect(summary(load(JSON.stringify(value)))).toEqual(summary(json));
  });
});
