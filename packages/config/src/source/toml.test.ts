import { beforeAll, describe, expect, it } from 'vitest';
import { Problems } from '../diagnostics/problems.js';
import { covered, summary } from '../load.fixture.js';
import { loadTexts, prepareFormats, type TextLoadResult } from '../load.js';
import { plugins } from '../plugins.fixture.js';
import { toValue } from './node.js';
import { Source } from './source.js';
import { readToml } from './toml.js';

beforeAll(() => prepareFormats([{ file: 'config.toml' }]));

const load = (text: string): TextLoadResult => loadTexts([{ file: 'config.toml', text }], { plugins, env: {} });

function read(text: string): { value: unknown; said: readonly string[] } {
  const problems = new Problems();
  const node = readToml(new Source('config.toml', text), problems);
  const said = problems
    .sorted(['config.toml'])
    .map(({ code, range, message }) => `${code} ${range?.line}:${range?.column} ${message}`);
  return { value: node && toValue(node), said };
}

describe('TOML', () => {
  it('reads tables, lists of tables, dotted keys and every kind of text', () => {
    const text = `# top
"a b".'c' = 1 # after
"\\u0061b" = 2
[log]
access = """
x # no comment
"""
error = '''it's'''
[[inbounds]]
port = 0x50
x.y.z = [ 1, # one
  { p = "]", q = [] },
]
[inbounds.settings]
when = 2024-01-02T03:04:05Z
[[inbounds]]
port = 81
[policy.levels]
1 = {}
0 = {}
__proto__ = 1
`;
    const { value, said } = read(text);
    expect(said).toEqual([]);
    expect(JSON.stringify(value)).toBe(
      '{"a b":{"c":1},"ab":2,"log":{"access":"x # no comment\\n","error":"it\'s"},"inbounds":[{"port":80,"x":{"y":{"z":[1,{"p":"]","q":[]}]}},"settings":{"when":"2024-01-02T03:04:05Z"}},{"port":81}],"policy":{"levels":{"0":{},"1":{},"__proto__":1}}}',
    );
  });

  it('reads nothing as an empty object', () => {
    expect(read('')).toEqual({ value: {}, said: [] });
  });

  it('points at values, keys and tables', () => {
    const text = `lgo = 1
log = 5
[[inbounds]] # first
tag = "in"
protocol = "echo"
port = 70000
settings = { mode = [5], tags = ["a",
  5] }
[[inbounds]]
port = 81
[policy.levels.0]
handshake = "x"
`;
    const result = load(text);
    expect(summary(result)).toEqual([
      'warning C_UNKNOWN_KEY /lgo',
      'error C_TYPE /log',
      'error C_PORT /inbounds/0/port',
      'error C_TYPE /inbounds/0/settings/mode',
      'error C_TYPE /inbounds/0/settings/tags/1',
      'error C_MISSING /inbounds/1/protocol',
      'error C_TYPE /policy/levels/0/handshake',
    ]);
    expect(result.diagnostics.map((one) => covered(text, one))).toEqual([
      'lgo',
      '5',
      '70000',
      '[5]',
      '5',
      '[[inbounds]]',
      '"x"',
    ]);
  });

  it.each([
    ['an open text', 'a = 1\nb = "x\n', /^C_SYNTAX 2:\d+ this is not TOML/],
    ['a key that stands twice', 'a = 1\na = 2', /^C_SYNTAX 2:\d+ this is not TOML/],
    ['no number', 'a = 1\nb = nan', /^C_TYPE 2:5 /],
    ['a number beyond what is exact', 'a = 12345678901234567890', /^C_SYNTAX 1:/],
    ['deep brackets', `a = ${'['.repeat(50_000)}`, /nest|deep|TOML/],
    ['deep keys', `${'a.'.repeat(5000)}a = 1`, /nested too deep/],
  ])('refuses %s', (_, text, message) => {
    const { value, said } = read(text);
    expect(value).toBeUndefined();
    expect(said[0]).toMatch(message);
  });

  it.each([
    ['in several lines', 'secret = """\nb0cbcef5\n"""'],
    ['in a table', '[secret]\nx = "b0cbcef5"'],
    ['in a list of a table', 'users = [{ secret = ["b0cbcef5"] }]'],
    ['in a broken file', 'secret = """\nb0cbcef5\n"""\nx = '],
    ['as a number', 'secret = "b0cbcef5'],
  ])('masks secrets: %s', (_, text) => {
    const { diagnostics, sources } = load(`log = 5\n${text}`);
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(JSON.stringify([diagnostics, ...sources.values()])).not.toContain('b0cbcef5');
  });
});
