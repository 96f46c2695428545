import { domainToASCII } from 'node:url';
import type { ProblemReporter } from '@sluice/plugin-api';
import type { RE2JS } from 're2js';
import { DomainSet } from './domain-set.js';
import { defineMatcher } from './matcher.js';
import { compileRegexp } from './regexp.js';
import { listItems, stringListSchema, type ListItem, type StringList } from './string-list.js';
import { unavailablePrefix } from './unavailable.js';

const KINDS = ['keyword', 'domain', 'full', 'regexp', 'dotless'] as const;

type Patterns = { full: string[]; suffixes: string[]; keywords: string[]; dotless: string[]; regexps: RE2JS[] };

const DESCRIPTION =
  'The target\'s domain, in any case. "word" or "keyword:word": contains it. "domain:example.org": it or a subdomain of it. ' +
  '"full:example.org": exactly it. "regexp:expression": found by it (RE2 syntax). "dotless:word": contains it and no dot. ' +
  'A target that is an IP never matches. Default: any target.';

export const domainMatcher = defineMatcher<{ domain?: StringList; domains?: StringList }>({
  fields: {
    domain: stringListSchema(DESCRIPTION, [['domain:example.org', 'full:www.example.com', 'regexp:^ads?\\.']]),
    domains: stringListSchema(`The older name of \`domain\`; the values of both count together. ${DESCRIPTION}`),
  },
  parse(rule, problems) {
    const items = [...listItems('domain', rule.domain, problems), ...listItems('domains', rule.domains, problems)];
    if (items.length === 0) return undefined;
    const patterns: Patterns = { full: [], suffixes: [], keywords: [], dotless: [], regexps: [] };
    for (const item of items) addPattern(patterns, item, problems);
    const set = new DomainSet(patterns);
    return ({ target }) => target.type === 'domain' && set.has(target.host);
  },
});

function addPattern(patterns: Patterns, { text, path }: ListItem, problems: ProblemReporter): void {
  const value = text.trim();
  const unavailable = unavailablePrefix(value, ['geosite', 'ext', 'ext-domain']);
  if (unavailable !== undefined) {
    problems.error(path, unavailable);
    return;
  }
  const found = /^([a-z]+):(.*)$/is.exec(value);
  const kind = KINDS.find((known) => known === found?.[1]?.toLowerCase());
  const name = kind === undefined ? value : (found?.[2] ?? '').trim();
  if (name === '' && kind !== 'dotless') {
    problems.error(path, `"${kind}:" must be followed by a value`);
    return;
  }
  switch (kind) {
    case 'full':
      patterns.full.push(...spellings(name));
      break;
    case 'domain':
      patterns.suffixes.push(...spellings(name));
      break;
    case 'dotless':
      if (name.includes('.')) problems.error(path, 'what follows "dotless:" must not contain a dot');
      patterns.dotless.push(name.toLowerCase());
      break;
    case 'regexp':
      addRegexp(patterns, name, path, problems);
      break;
    default:
      if (name.includes(':')) {
        const known = KINDS.map((one) => `${one}:`).join(', ');
        problems.warning(path, `no domain contains ":", so this never matches; prefixes are ${known}`);
      }
      patterns.keywords.push(name.toLowerCase());
  }
}

/** As written and as sent: clients send an internationalised name in its ASCII form. */
function spellings(name: string): string[] {
  const lower = name.toLowerCase().replace(/\.$/, '');
  const ascii = domainToASCII(lower);
  return ascii === '' || ascii === lower ? [lower] : [lower, ascii];
}

function addRegexp(patterns: Patterns, expression: string, path: ListItem['path'], problems: ProblemReporter): void {
  try {
    patterns.regexps.push(compileRegexp(expression));
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    problems.error(path, `not a regular expression in RE2 syntax (${why})`);
    return;
  }
  // In one string with commas the expression itself may have been cut.
  if (path.length === 1)
    problems.warning(path, 'write the list as an array: a comma in a regular expression would end it');
}
