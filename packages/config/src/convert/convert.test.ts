import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTexts, prepareFormats } from '../load.js';
import { plugins } from '../plugins.fixture.js';
import { Problems } from '../diagnostics/problems.js';
import type { Format } from '../source/format.js';
import { toValue } from '../source/node.js';
import { prepareReaders, readerOf } from '../source/readers.js';
import { Source } from '../source/source.js';
import { convertText } from './convert.js';

const options = { plugins, env: {} };

async function converted(text: string, from: Format, to: Format): Promise<string> {
  const result = await convertText({ file: 'config', text, format: from }, to, options);
  return result.text ?? `refused: ${JSON.stringify([result.diagnostics, result.lost])}`;
}

async function valueOf(text: string, format: Format): Promise<unknown> {
  await prepareReaders([format]);
  const problems = new Problems();
  const node = readerOf(format)?.(new Source('config', text), problems);
  expect(problems.sorted([])).toEqual([]);
  return node && toValue(node);
}

const jsonc = `// head
// of the file
{
  /* log
   * in two lines */
  "log": {
    "loglevel": "info" // beside
    // inside, last
  },
  "inbounds": [ // the list
    // first
    {
      "port": 1080, # port
      "protocol": "echo"
    }
  ]
}
// end
`;

describe('comments', () => {
  it('go from JSONC to YAML', async () => {
    expect(await converted(jsonc, 'jsonc', 'yaml')).toBe(`# head
# of the file
# log
# in two lines
log:
  loglevel: info # beside
  # inside, last
inbounds: # the list
  # first
  - port: 1080 # port
    protocol: echo
# end
`);
  });

  it('go from YAML to JSONC and back', async () => {
    const yaml = await converted(jsonc, 'jsonc', 'yaml');
    const again = await converted(yaml, 'yaml', 'jsonc');
    for (const words of ['head', 'of the file', 'log', 'beside', 'inside, last', 'the list', 'first', 'port', 'end'])
      expect(again).toContain(`// ${words}\n`);
    expect(await converted(again, 'jsonc', 'yaml')).toBe(yaml);
  });

  it('go to TOML and back', async () => {
    const toml = await converted(jsonc, 'jsonc', 'toml');
    expect(toml).toBe(`# head
# of the file
# log
# in two lines
[log]
loglevel = "info" # beside
# inside, last

# first
[[inbounds]] # the list
port = 1080 # port
protocol = "echo"
# end
`);
    const again = await converted(toml, 'toml', 'jsonc');
    for (const words of ['head', 'beside', 'inside, last', 'the list', 'first', 'port', 'end'])
      expect(again).toContain(`// ${words}\n`);
  });

  it('are said to be lost where JSON is wanted', async () => {
    const { text, lost } = await convertText({ file: 'a', text: jsonc, format: 'jsonc' }, 'json', options);
    expect(text).toBe(`${JSON.stringify(await valueOf(jsonc, 'jsonc'), null, 2)}\n`);
    expect(lost).toEqual([expect.stringContaining('9 comments')]);
  });
});

describe('values', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a', '0', '01', 'no', 'null', '__proto__', 'a b', '<<', '#', '- x', 'constructor'),
  );
  const scalar = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom(
      '',
      'no',
      '~',
      '0x1',
      '1e3',
      '12',
      ' a',
      'a ',
      'a: b',
      '# x',
      '- x',
      "it's",
      'a\nb',
      '\t',
      '2024-01-02',
      '\u2028',
      '*a',
      '&a',
      '!a',
      '|',
      '.nan',
    ),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    fc.boolean(),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const object = fc.dictionary(key, tree, { maxKeys: 5 });
  const normal = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it.each<Format>(['json', 'jsonc', 'yaml', 'toml'])('are the same in %s', async (to) => {
    await fc.assert(
      fc.asyncProperty(object, async (value) => {
        // Half of a surrogate pair is no text.
        const text = JSON.stringify(value).replaceAll(/\\ud[0-9a-f]{3}/g, '');
        const there = await converted(text, 'jsonc', to);
        const back = await converted(there, to, 'jsonc');
        expect(await valueOf(there, to)).toEqual(normal(JSON.parse(text)));
        expect(await valueOf(back, 'jsonc')).toEqual(normal(JSON.parse(text)));
      }),
      { numRuns: 150 },
    );
  });

  it('keep the order of keys', async () => {
    const text = '{"z": 1, "b": 2, "a": {"y": 1, "x": [1, {"d": 1, "c": 2}]}}';
    for (const to of ['yaml', 'toml'] as const)
      expect(JSON.stringify(await valueOf(await converted(text, 'jsonc', to), to))).toBe(text.replaceAll(' ', ''));
  });

  it('that YAML takes for numbers stay the texts that they were meant to be', async () => {
    await prepareFormats([{ file: 'a.yaml' }]);
    const yaml =
      'inbounds:\n  - protocol: echo\n    port: 0x50\n    settings: {users: [{name: 0012, secret: 12345678}]}\n';
    const json = await converted(yaml, 'yaml', 'json');
    expect(json).toContain('"name": "0012"');
    expect(json).toContain('"secret": "12345678"');
    expect(json).toContain('"port": 80');
    expect(loadTexts([{ file: 'a.json', text: json }], options).diagnostics).toEqual([]);
  });

  it('that TOML has not are said', async () => {
    const { text, lost } = await convertText(
      { file: 'a', text: '{"a": null, "b": [null]}', format: 'json' },
      'toml',
      options,
    );
    expect(text).toBe('b = [""]\n');
    expect(lost).toHaveLength(2);
    expect(await converted('[]', 'json', 'toml')).toMatch(/^refused/);
    expect(await converted('{', 'json', 'toml')).toMatch(/^refused.*C_SYNTAX/);
  });
});
