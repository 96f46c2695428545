import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiReport, reportPath } from '../../scripts/reference/api-report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

describe('the public surface of the plugin API', () => {
  let surface: ReturnType<typeof apiReport>;

  beforeAll(() => {
    surface = apiReport(root);
  });

  it('is as it was reviewed', () => {
    expect(surface.report, 'run `npm run generate`, and look at what has changed').toBe(
      readFileSync(`${root}/${reportPath}`, 'utf8'),
    );
  });

  it('shows what plugins are made of, and nothing private', () => {
    for (const part of [
      'interface Plugin {',
      'declare class Link {',
      'declare function definePlugin(',
      'type RuleKey =',
    ])
      expect(surface.report).toContain(`export ${part}`);
    expect(surface.report).not.toMatch(/^\s+(#|private )/m);
  });

  it('has words for everything in it', () => {
    expect(surface.undocumented).toEqual([]);
  });
});
