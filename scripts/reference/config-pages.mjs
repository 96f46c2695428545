/** Makes the pages of docs/config from the composed schema. Pure. */
import { keysOf, meaningOf, pageOf, typeOf } from './schema-keys.mjs';

const NOTE = '<!-- Made from the schema by `npm run generate`: change the descriptions there. -->';

/**
 * @param schema as `composeSchema` gives it
 * @param makeExample `exampleOf` of @sluice/config
 * @returns texts by the pages' names
 */
export function configPages(schema, makeExample) {
  const exampleOf = (one, definitionsOf) => makeExample(one, definitionsOf, '(secret)');
  const { definitions } = schema;
  const pages = new Map();
  const put = (name, title, ...parts) =>
    pages.set(name, `${[`# ${title}`, NOTE, ...parts.flat()].filter((part) => part !== '').join('\n\n')}\n`);
  const sections = (one, prefix) => keysOf(one, prefix).map((key) => section(key, definitions, exampleOf));
  const top = Object.entries(schema.properties);
  const isPage = ([, one]) => one.deprecated !== true && pageOf(one) === undefined && keysOf(one).length > 0;
  for (const [key, one] of top.filter(isPage)) {
    const example = ['An example:', block({ [key]: exampleOf(one, definitions) })];
    put(`${key}.md`, `\`${key}\``, escaped(one.description), example, sections(one, key));
  }
  choice('inbound', 'protocol', 'An entry of `inbounds`', 'The `settings` of each protocol:');
  choice('outbound', 'protocol', 'An entry of `outbounds`', 'The `settings` of each protocol:');
  choice('rule', 'type', 'An entry of `routing.rules`', 'What a rule of each type looks at:');
  const strategies = variants('strategy', 'type');
  put(
    'balancer.md',
    'An entry of `routing.balancers`',
    escaped(definitions.balancer.description),
    keysOf(definitions.balancer).map((key) => section(key, definitions, exampleOf)),
    sections({ ...definitions.strategy, allOf: undefined }, 'strategy'),
    'The `settings` of each strategy:',
    strategies,
  );
  put('stream.md', '`streamSettings`', escaped(definitions.stream.description), sections(definitions.stream, ''));
  put('README.md', 'The configuration', intro(), overview(top, isPage), leftOver(top, isPage));
  return pages;

  /** A page of a definition, and one of each of the kinds that a key of it chooses. */
  function choice(name, key, title, heading) {
    const { allOf, ...own } = definitions[name];
    const keys = keysOf(own).map((one) => section(one, definitions, exampleOf));
    put(`${name}.md`, title, escaped(own.description), keys, allOf === undefined ? [] : [heading, variants(name, key)]);
  }

  function variants(name, key) {
    const { enum: names = [], enumDescriptions = [] } = definitions[name].properties[key];
    const lines = names.map((one, index) => {
      const { then } = definitions[name].allOf[index];
      const page = `${name}-${one}.md`;
      const part = name === 'rule' ? then : then.properties.settings;
      const example = ['An example:', block(exampleEntry(name, key, one, part))];
      const keys = sections(part, name === 'rule' ? '' : 'settings');
      const said = keys.length === 0 ? ['It has no settings of its own.'] : keys;
      put(page, `${TITLES[name]} \`${one}\``, escaped(enumDescriptions[index]), example, said);
      return `- [\`${one}\`](${page}): ${escaped(enumDescriptions[index])}`;
    });
    return lines.join('\n');
  }

  function exampleEntry(name, key, value, part) {
    const example = exampleOf(part, definitions);
    if (name === 'rule') return { [key]: value, ...example, outboundTag: 'direct' };
    const entry = definitions[name].defaultSnippets?.find(({ label }) => label === value)?.body ?? { [key]: value };
    const hasKeys = Object.keys(part.properties ?? {}).length > 0;
    return hasKeys ? { ...entry, settings: example } : entry;
  }

  function overview(entries, hasPage) {
    const lines = entries.flatMap(([key, one]) => {
      const page = hasPage([key, one]) ? `${key}.md` : one.deprecated === true ? undefined : pageOf(one);
      const { meaning } = meaningOf({ schema: one, isNeeded: false });
      return page === undefined ? [] : [`- [\`${key}\`](${page}): ${escaped(meaning)}`];
    });
    return lines.join('\n');
  }

  function leftOver(entries, hasPage) {
    const isOther = ([key, one]) => !hasPage([key, one]) && (one.deprecated === true || pageOf(one) === undefined);
    return entries
      .filter(isOther)
      .map(([path, one]) => section({ path, schema: one, isNeeded: false }, definitions, exampleOf));
  }
}

const TITLES = { inbound: 'Inbound', outbound: 'Outbound', rule: 'Rule', strategy: 'Strategy' };

function intro() {
  return [
    'Every key that a configuration can have, with the plugins that ship with Sluice. The same is shown by editors, from the schema that `sluice schema` writes, which knows plugins from elsewhere, too.',
    'Keys and values of a fixed set may be written in any case, and `null` counts as not written. In a list of strings that is also taken as one string, commas stand between its parts. "Secret" values are never shown in logs and diagnostics.',
  ];
}

function section(key, definitions, exampleOf) {
  const { schema, path } = key;
  const page = pageOf(schema);
  const target = schema.$ref === undefined ? schema : definitions[schema.$ref.replace('#/definitions/', '')];
  const { meaning, default: initial } = meaningOf({ schema: target, isNeeded: key.isNeeded });
  const value = exampleOf(schema, definitions);
  const shown = value === undefined ? undefined : JSON.stringify(value);
  const isShort = shown !== undefined && shown.length <= 100;
  const facts = [
    `- Type: ${typeOf(schema, definitions)}${page === undefined ? '' : ` ([its keys](${page}))`}`,
    ...(schema['x-unit'] === undefined ? [] : [`- Unit: ${schema['x-unit']}`]),
    ...(initial === undefined ? [] : [`- Default: ${literal(initial)}`]),
    ...(isShort ? [`- Example: \`${shown}\``] : []),
  ];
  return [
    `## \`${path}\``,
    schema.deprecated === true ? `**Deprecated.** ${escaped(schema.deprecationMessage)}` : '',
    escaped(meaning),
    facts.join('\n'),
    choices(schema),
    shown !== undefined && !isShort ? block(value) : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** What an enum's values mean, or those of a list's items. */
function choices(schema) {
  const of = [schema, schema.items ?? {}, ...(schema.anyOf ?? []).flatMap((branch) => [branch, branch.items ?? {}])];
  const { enum: values, enumDescriptions = [] } = of.find((one) => one.enum !== undefined) ?? {};
  if (values === undefined) return '';
  const lines = values.map(
    (value, index) => `- \`${JSON.stringify(value)}\`: ${escaped(enumDescriptions[index] ?? '')}`,
  );
  return `Values:\n\n${lines.join('\n')}`;
}

/** A default as it was written: a value as code, words as words. */
function literal(text) {
  const value = /^("[^"]*"|[\w.]+|\[.*?\]|\{\})(.*)$/s.exec(text);
  if (value === null) return escaped(text);
  const [, first, rest] = value;
  return /^["[{]|^\d|^true$|^false$/.test(first) && /^[^\w]|^$/.test(rest)
    ? `\`${first}\`${escaped(rest)}`
    : escaped(text);
}

/** Text of the schema as Markdown: what stands in backticks is code there, too. */
function escaped(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/[*<_]/g, '\\$&')))
    .join('');
}

function block(value) {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}
