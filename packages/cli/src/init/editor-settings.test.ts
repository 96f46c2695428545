import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { withAssociation } from './editor-settings.js';

const json = { language: 'json', file: 'config.sluice.jsonc', schema: './schema.json' } as const;
const yaml = { language: 'yaml', file: 'config.sluice.yaml', schema: './schema.json' } as const;

describe('withAssociation', () => {
  it.each([
    [json, { 'json.schemas': [{ fileMatch: ['/config.sluice.jsonc'], url: './schema.json' }] }],
    [yaml, { 'yaml.schemas': { './schema.json': ['config.sluice.yaml'] } }],
  ])('makes settings, and adds nothing a second time', (association, expected) => {
    const made = withAssociation('', association) ?? '';
    expect(JSON.parse(made)).toEqual(expected);
    expect(withAssociation(made, association)).toBe(made);
  });

  it('keeps what is there, comments too', () => {
    const before = `// mine
{
  "editor.tabSize": 4, // wide
  "json.schemas": [
    { "fileMatch": ["/a.json"], "url": "./a.schema.json" }, // the first
  ],
  "yaml.schemas": { "./schema.json": "/b.yaml" },
}
`;
    const after = withAssociation(withAssociation(before, json) ?? '', yaml) ?? '';
    for (const comment of ['// mine\n', '// wide\n', '// the first\n']) expect(after).toContain(comment);
    expect(parse(after, [], { allowTrailingComma: true })).toEqual({
      'editor.tabSize': 4,
      'json.schemas': [
        { fileMatch: ['/a.json'], url: './a.schema.json' },
        { fileMatch: ['/config.sluice.jsonc'], url: './schema.json' },
      ],
      'yaml.schemas': { './schema.json': ['/b.yaml', 'config.sluice.yaml'] },
    });
  });

  it.each(['[]', '{ "json.schemas": 1 }', '{ "json.schemas": [', '{ broken'])('leaves %s alone', (text) => {
    expect(withAssociation(text, json)).toBeUndefined();
  });
});
