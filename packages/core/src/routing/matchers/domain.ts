import { domainToASCII } from 'node:url';
import { SluiceError, type AssetFiles, type DomainPatterns, type ProblemReporter } from '@sluice/plugin-api';
import { readDomains } from '../geo/geo-domains.js';
import type { Span } from '../geo/wire-reader.js';
import { didYouMean, parseGeoValue, readCategory, type GeoValue } from '../geo/geo-value.js';
import { DomainSet } from '../index/domain-index.js';
import { compileRegexp } from '../index/regexp.js';
import { comparison } from './comparison.js';

import { defineMatcher } from './matcher.js';
import { listItems, stringListSchema, type ListItem, type StringList } from './string-list.js';

const KINDS = ['keyword', 'domain', 'full', 'regexp', 'dotless'] as const;

const GEO_PREFIXES = { own: 'geosite', external: ['ext', 'ext-domain'] };

type Patterns = { full: string[]; suffixes: string[]; keywords: string[]; dotless: string[]; regexps: string[] };

const DESCRIPTION =
  'The target\'s domain, in any case. "word" or "keyword:word": contains it. "domain:example.org": it or a subdomain of it. ' +
  '"full:example.org": exactly it. "regexp:expression": found by it (RE2 syntax). "dotless:word": contains it and no dot. ' +
  '"geosite:google": in this category of geosite.dat; "geosite:google@ads": with this attribute in it; "ext:FILE:CATEGORY[@attribute]": in another file. ' +
  'A target that is an IP never matches. Default: any target.';

export const domainMatcher = defineMatcher<{ domain?: StringList; domains?: StringList }>({
  fields: {
    domain: stringListSchema(DESCRIPTION, [['domain:example.org', 'full:www.example.com', 'regexp:^ads?\\.']]),
    domains: {
      ...stringListSchema(`The older name of \`domain\`; the values of both count together. ${DESCRIPTION}`, [
        ['domain:example.org'],
      ]),
      deprecated: true,
      deprecationMessage: 'Write `domain`.',
    },
  },
  parse(rule, problems, assets) {
    const items = [...listItems('domain', rule.domain, problems), ...listItems('domains', rule.domains, problems)];
    if (items.length === 0) return undefined;
    const sets = parseSets(items, problems, assets);
    // The router looks names up for all rules together: few rules are ever asked by themselves.
    let set: DomainSet | undefined;
    const wanted = items.map(({ text }) => text);
    return {
      field: 'domain',
      key: { kind: 'domain', sets },
      holds: ({ target }) => target.type === 'domain' && (set ??= new DomainSet(sets)).has(target.host),
      describe: ({ target }) => comparison(target.host, wanted),
    };
  },
});

/** The set of names that any of a list's values means, as in a rule's `domain`. */
export function parseDomains(items: readonly ListItem[], problems: ProblemReporter, assets: AssetFiles): DomainSet {
  return new DomainSet(parseSets(items, problems, assets));
}

function parseSets(items: readonly ListItem[], problems: ProblemReporter, assets: AssetFiles): DomainPatterns[] {
  const own = noPatterns();
  const sets: DomainPatterns[] = [];
  for (const { text, path } of items) {
    const value = text.trim();
    const geo = parseGeoValue(value, GEO_PREFIXES);
    if (geo === undefined) addPattern(own, value, path, problems);
    else {
      const category = readDomainCategory(geo, { text, path }, problems, assets);
      if (category !== undefined) sets.push(category);
    }
  }
  if (Object.values(own).some((values) => values.length > 0)) sets.push(own);
  return sets;
}

function noPatterns(): Patterns {
  return { full: [], suffixes: [], keywords: [], dotless: [], regexps: [] };
}

function addPattern(patterns: Patterns, value: string, path: ListItem['path'], problems: ProblemReporter): void {
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

/** A category's domains; with attributes, those that have all of them. */
interface Category {
  readonly patterns: DomainPatterns;
  readonly isEmpty: boolean;
  /** The attributes that its domains have. */
  readonly attributes: ReadonlySet<string>;
}

/** Categories that were read already, by file and name with attributes: rules that name one alike have the same set. */
const known = new WeakMap<Uint8Array, Map<string, Category>>();

function readDomainCategory(
  geo: GeoValue | string,
  { text, path }: ListItem,
  problems: ProblemReporter,
  assets: AssetFiles,
): DomainPatterns | undefined {
  try {
    if (typeof geo === 'string') throw new SluiceError('E_CONFIG_INVALID', geo);
    const [category = '', ...attributes] = geo.category.split('@').map((part) => part.trim().toLowerCase());
    if (attributes.includes('')) throw new SluiceError('E_CONFIG_INVALID', '"@" must be followed by an attribute');
    const found = readCategory({ file: geo.file, category }, assets, (bytes, members) => {
      let ofFile = known.get(bytes);
      if (ofFile === undefined) known.set(bytes, (ofFile = new Map<string, Category>()));
      const name = [category, ...attributes].join('@');
      let one = ofFile.get(name);
      if (one === undefined) ofFile.set(name, (one = parseCategory(bytes, members, attributes)));
      return one;
    });
    if (found.isEmpty) {
      const unknown = attributes.find((attribute) => !found.attributes.has(attribute));
      const meant = unknown === undefined ? '' : didYouMean(unknown, found.attributes);
      problems.warning(
        path,
        `${shown(text)}: no domain of the category has this attribute, so this never matches${meant}`,
      );
    }
    return found.patterns;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    problems.error(path, `${shown(text)}: ${error.message}`);
    return undefined;
  }
}

/** @throws SluiceError E_CONFIG_INVALID, WireError */
function parseCategory(bytes: Uint8Array, members: Iterable<Span>, wanted: readonly string[]): Category {
  const patterns = noPatterns();
  const attributes = new Set<string>();
  let isEmpty = true;
  for (const { kind, value, attributes: own } of readDomains(bytes, members)) {
    for (const attribute of own) attributes.add(attribute);
    if (!wanted.every((attribute) => own.includes(attribute))) continue;
    isEmpty = false;
    if (kind === 'full') patterns.full.push(...spellings(value));
    else if (kind === 'domain') patterns.suffixes.push(...spellings(value));
    else if (kind === 'keyword') patterns.keywords.push(value.toLowerCase());
    else addFileRegexp(patterns, value);
  }
  return { patterns, isEmpty, attributes };
}

/** @throws SluiceError E_CONFIG_INVALID */
function addFileRegexp(patterns: Patterns, expression: string): void {
  try {
    compileRegexp(expression);
  } catch {
    throw new SluiceError('E_CONFIG_INVALID', `has an expression that is not RE2 syntax: ${expression.slice(0, 64)}`);
  }
  patterns.regexps.push(expression);
}

function shown(text: string): string {
  return `"${text.trim().slice(0, 64)}"`;
}

/** As written and as sent: clients send an internationalised name in its ASCII form. */
function spellings(name: string): string[] {
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (/^[\x20-\x7e]*$/.test(lower)) return [lower];
  const ascii = domainToASCII(lower);
  return ascii === '' || ascii === lower ? [lower] : [lower, ascii];
}

function addRegexp(patterns: Patterns, expression: string, path: ListItem['path'], problems: ProblemReporter): void {
  try {
    compileRegexp(expression);
    patterns.regexps.push(expression);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    problems.error(path, `not a regular expression in RE2 syntax (${why})`);
    return;
  }
  // In one string with commas the expression itself may have been cut.
  if (path.length === 1)
    problems.warning(path, 'write the list as an array: a comma in a regular expression would end it');
}
