import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Problems, rangeOf } from '../diagnostics/problems.js';
import { readPlainYaml } from './plain-yaml.js';
import { Source } from './source.js';
import type { ConfigNode } from './node.js';
import { readYaml } from './yaml.js';

/** What diagnostics can show of a tree. */
function shown(node: ConfigNode): unknown {
  const { pointer } = node.place;
  const own = { pointer, range: rangeOf(node.place) };
  if (node.kind === 'array') return { ...own, items: node.items.map(shown) };
  if (node.kind === 'scalar') return { ...own, value: node.value, written: node.written };
  const members = node.members.map(({ key, keyPlace, value }) => [key, keyPlace, shown(value)]);
  return { ...own, members };
}

/** Whether the text is plain; if it is, both readers must agree. */
function compare(text: string): boolean {
  const source = new Source('a.yaml', text);
  const plain = readPlainYaml(source);
  if (plain === undefined) return false;
  const problems = new Problems();
  const complete = readYaml(source, problems, { isComplete: true });
  expect(problems.sorted([]), text).toEqual([]);
  expect(shown(plain), text).toEqual(complete && shown(complete));
  return true;
}

/** What the two ways to read any text say of it, which must be the same, but for where a fault is. */
function compareReaders(text: string): 'read in parts' | 'read as a whole' | 'refused' {
  const source = new Source('a.yaml', text);
  const [inParts, complete] = [new Problems(), new Problems()];
  let isPlain = false;
  const tree = readYaml(source, inParts, { onPlain: () => (isPlain = true) });
  const wanted = readYaml(source, complete, { isComplete: true });
  expect(inParts.hasErrors, text).toBe(complete.hasErrors);
  for (const { range } of inParts.sorted([])) {
    const { line = 0, column = 0, endLine = 0, endColumn = 0 } = range ?? {};
    expect(line, text).toBeGreaterThan(0);
    const lines = text.split(/\r\n|\n|\r/);
    expect(lines[endLine - 1]?.length, text).toBeGreaterThanOrEqual(endColumn - 1);
    expect(line < endLine || column <= endColumn, text).toBe(true);
  }
  if (wanted === undefined || tree === undefined) {
    expect([tree, wanted], text).toEqual([undefined, undefined]);
    return 'refused';
  }
  expect(shown(tree), text).toEqual(shown(wanted));
  const told = (problems: Problems): unknown => problems.sorted([]);
  expect(told(inParts), text).toEqual(told(complete));
  if (isPlain) expect(told(complete), text).toEqual([]);
  return readPlainYaml(source, () => undefined) === undefined ? 'read in parts' : 'read as a whole';
}

const line = fc
  .tuple(
    fc.constantFrom('', '  ', '    ', '- ', '  - ', '    - ', '-', '- - ', ' '),
    fc.constantFrom('a: ', 'b: ', 'key:', '"q": ', '0: ', '<<: ', '? ', '', '', 'a:b: '),
    fc.constantFrom(
      ...['x', '1', '080', '-1', '1.5', '0x1f', 'true', 'TRUE', 'yes', 'null', '~', '10.0.0.0/8', '2001:db8::/32'],
      ...['443,8443', '1000-2000', '"q"', "'s'", "'it''s'", '"\\n"', '[a, 1]', '{a: 1, b: [x]}', '[]', '{}', '[a,b]'],
      ...[
        '[a, ]',
        '{"a": true}',
        '{a}',
        '*x',
        '&x y',
        '!t y',
        '|',
        '>',
        '@a',
        '%a',
        '`',
        '# c',
        'a # c',
        'a#c',
        'a: b',
      ],
      ...[
        'a:',
        '-',
        '- x',
        '',
        '.inf',
        '1e3',
        '.5',
        '+5',
        'ä',
        '😀',
        '[1.5]',
        '[a b, c]',
        '["x" ]',
        '{ a: b }',
        "['']",
      ],
    ),
  )
  .map((parts) => parts.join(''));

describe('plain YAML', () => {
  it('is read as the complete reader reads it, or left to it', () => {
    let plain = 0;
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\n\n', '\n# c\n', '\n   \n'),
        (lines, end) => {
          if (compare(lines.join('\n') + end) || compare(lines.join(end))) plain += 1;
        },
      ),
      { numRuns: 5000 },
    );
    expect(plain).toBeGreaterThan(30);
  });

  it('is read alike with parts that are not plain', () => {
    const seen = { 'read in parts': 0, 'read as a whole': 0, refused: 0 };
    const around = fc.constantFrom('', 'a:\n  - x: 1\n  - ', 'r:\n- y: 1\n  z: 2\n', 'k: &x v\nl: *x\n');
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        around,
        fc.constantFrom('\n', '\r\n', '\n\n', '\n# c\n', '\n   \n'),
        (lines, before, end) => {
          seen[compareReaders(before.replaceAll('\n', end) + lines.join(end) + end)] += 1;
        },
      ),
      { numRuns: 6000 },
    );
    expect(seen['read in parts']).toBeGreaterThan(50);
    expect(seen['read as a whole']).toBeGreaterThan(30);
  });

  it('is what configurations are written in', () => {
    const value = fc.oneof(
      fc.constantFrom('a', 'domain:example.org', '10.0.0.0/8', '443,8443', 'x y', 80, true, false),
      fc.array(fc.constantFrom('a', 'b:c', 5), { minLength: 1, maxLength: 3 }),
    );
    const rule = fc.dictionary(fc.constantFrom('type', 'port', 'domain', 'ip', 'outboundTag'), value, { minKeys: 1 });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), fc.boolean(), (rules, isFlow) => {
        const text = stringify(
          { log: { loglevel: 'info' }, routing: { rules } },
          { lineWidth: 0, ...(isFlow ? { collectionStyle: 'any' } : {}) },
        );
        expect(compare(text), text).toBe(true);
      }),
    );
    expect(
      compare(
        '# top\ninbounds: # all\n- tag: in\n  port: 1080\n\n  # within\n  settings: {auth: noauth, udp: true}\nx:\n  - [a, "b"]\n',
      ),
    ).toBe(true);
  });

  it('is read alike after any change of some characters', () => {
    const text =
      'log: {loglevel: info, "x": [a, 1]} # c\nrules:\n  - type: field\n    port: 80\n    domain:\n      - "a"\n      - b:c\n  # d\n  - ip: [10.0.0.0/8]\n\nx:\n- 1\n- true\n';
    const piece = fc.oneof(
      fc.constantFrom(
        ' ',
        '\n',
        '-',
        ':',
        ',',
        '[',
        ']',
        '{',
        '}',
        '#',
        '"',
        "'",
        '&',
        '*',
        '!',
        '|',
        '>',
        '%',
        '@',
        '`',
      ),
      fc.constantFrom('?', '~', 'a', '1', '.', '<', '\t', '  ', ': ', '- ', ' #', 'null', '\n\n'),
    );
    let plain = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(text.length), fc.nat(3), piece), { minLength: 1, maxLength: 3 }),
        (changes) => {
          let changed = text;
          for (const [at, length, by] of changes) changed = changed.slice(0, at) + by + changed.slice(at + length);
          if (compare(changed)) plain += 1;
          compareReaders(changed);
        },
      ),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(300);
  });

  it('is no text with a fault', () => {
    for (const text of [
      '',
      '# c',
      'a: 1\na: 2',
      'a:\n b: 1\n  c: 2',
      'a: 1\n  b: 2',
      'a: "x',
      '\ta: 1',
      'a: 1\n...',
      '---\na: 1',
    ])
      expect(readPlainYaml(new Source('a.yaml', text)), text).toBeUndefined();
  });
});
