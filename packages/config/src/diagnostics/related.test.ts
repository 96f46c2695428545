import { expect, it } from 'vitest';
import { covered, inbound, load, outbound } from '../load.fixture.js';
import { loadTexts, prepareFormats, type TextLoadResult } from '../load.js';
import { plugins } from '../plugins.fixture.js';

/** By the code of each diagnostic that concerns several places: where it stands, and the others. */
function places(text: string, { diagnostics }: TextLoadResult, code: string): unknown[] {
  return diagnostics
    .filter((one) => one.code === code)
    .map((one) => [
      one.pointer,
      ...(one.related ?? []).map(({ pointer, range }) => [pointer, range && covered(text, { ...one, range })]),
    ]);
}

const via = (tag: string, next: string): object => outbound({ tag, proxySettings: { tag: next } });
const rule = (more: object = {}): object => ({ type: 'field', port: 80, outboundTag: 'out', ...more });
const user = (name: string): object => ({ name, secret: '00', level: 0 });

it.each([
  [
    'a tag that stands three times',
    { inbounds: [inbound(), inbound({ port: 1 }), inbound({ port: 2 })] },
    'C_DUPLICATE_TAG',
    [
      ['/inbounds/1/tag', ['/inbounds/0/tag', '"in"']],
      ['/inbounds/2/tag', ['/inbounds/0/tag', '"in"']],
    ],
  ],
  [
    'two inbounds on one port',
    { inbounds: [inbound({ port: 1 }), inbound({ tag: 'b' }), inbound({ tag: 'c', port: '1080' })] },
    'C_LISTEN_CONFLICT',
    [['/inbounds/2/port', ['/inbounds/1/port', '1080']]],
  ],
  [
    'two inbounds on one socket',
    { inbounds: ['a', 'b'].map((tag) => ({ tag, protocol: 'echo', listen: '/run/x' })) },
    'C_LISTEN_CONFLICT',
    [['/inbounds/1/listen', ['/inbounds/0/listen', '"/run/x"']]],
  ],
  [
    'a rule that another one hides',
    { outbounds: [outbound()], routing: { rules: [rule({ port: 1 }), rule(), rule()] } },
    'C_HIDDEN_RULE',
    [['/routing/rules/2', ['/routing/rules/1', '{']]],
  ],
  [
    'a user who stands twice',
    { inbounds: [inbound({ settings: { network: 'tcp', users: ['a', 'b', 'b'].map(user) } })] },
    'C_DUPLICATE_USER',
    [['/inbounds/0/settings/users/2/name', ['/inbounds/0/settings/users/1/name', '"b"']]],
  ],
  [
    'outbounds in a circle',
    { outbounds: [via('x', 'a'), via('a', 'b'), via('b', 'c'), via('c', 'a')] },
    'C_OUTBOUND_LOOP',
    [
      [
        '/outbounds/1/proxySettings/tag',
        ['/outbounds/2/proxySettings/tag', '"c"'],
        ['/outbounds/3/proxySettings/tag', '"a"'],
      ],
    ],
  ],
])('%s is told with the other places', (_, value, code, wanted) => {
  const text = JSON.stringify(value, null, 2);
  expect(places(text, load(text), code)).toEqual(wanted);
});

it('a key that stands twice is told with the one that counts, in each format', async () => {
  await prepareFormats([{ file: 'a.yaml' }]);
  for (const [file, text, found] of [
    ['a.json', '{ "log": {}, "log": { "loglevel": "info" } }', '"log"'],
    ['a.json', '{ "log": {}, "Log": { "loglevel": "info" } }', '"Log"'],
    ['a.yaml', 'log: {}\nlog:\n  loglevel: info\n', 'log'],
  ] as const) {
    const result = loadTexts([{ file, text }], { plugins });
    expect(places(text, result, 'C_DUPLICATE_KEY'), text).toEqual([['/log', [`/${found.replaceAll('"', '')}`, found]]]);
    const [problem] = result.diagnostics.filter(({ code }) => code === 'C_DUPLICATE_KEY');
    const [other] = problem?.related ?? [];
    const at = ({ line = 0, column = 0 } = {}): number => line * 1000 + column;
    expect(at(other?.range)).toBeGreaterThan(at(problem?.range));
  }
});

it('what a file takes the place of is told with its place in the other file', () => {
  const files = [
    { file: 'a.json', text: JSON.stringify({ outbounds: [outbound(), outbound({ tag: 'b' })] }) },
    { file: 'b.json', text: JSON.stringify({ outbounds: [outbound(), outbound({ tag: 'c' })] }) },
  ];
  const [problem] = loadTexts(files, { plugins }).diagnostics.filter(({ code }) => code === 'C_MERGE');
  expect(problem).toMatchObject({ range: { file: 'b.json' }, related: [{ range: { file: 'a.json' } }] });
});
