import { Type, type ProblemReporter, type RouteQuery, type RuleCondition, type TSchema } from '@sluice/plugin-api';
import { comparison } from './comparison.js';
import { defineMatcher } from './matcher.js';
import { PortSet, type PortRange } from './port-set.js';

type PortList = number | string;

export const portMatcher = defineMatcher<{ port?: PortList }>({
  fields: { port: portListSchema("The target's port") },
  parse: (rule, problems) => parsePorts('port', rule.port, problems, (query) => query.target.port),
});

export const sourcePortMatcher = defineMatcher<{ sourcePort?: PortList }>({
  fields: { sourcePort: portListSchema("The port that the client's connection comes from") },
  parse: (rule, problems) => parsePorts('sourcePort', rule.sourcePort, problems, (query) => query.source.port),
});

function portListSchema(what: string): TSchema {
  return Type.Union([Type.Integer(), Type.String()], {
    description: `${what}: one, or a list of ports and inclusive ranges in a string. Between 1 and 65535. Default: any.`,
    examples: [443, '53,443,1000-2000'],
    unit: 'port',
  });
}

function parsePorts(
  field: 'port' | 'sourcePort',
  value: PortList | null | undefined,
  problems: ProblemReporter,
  port: (query: RouteQuery) => number,
): RuleCondition | undefined {
  if (value === undefined || value === null) return undefined;
  const ranges: PortRange[] = [];
  for (const part of String(value).split(',')) {
    const range = parseRange(part.trim());
    if (typeof range === 'string') problems.error([field], range);
    else ranges.push(range);
  }
  const set = new PortSet(ranges);
  return {
    field,
    key: { kind: field, ranges },
    holds: (query) => set.has(port(query)),
    describe: (query) => comparison(String(port(query)), [String(value)]),
  };
}

/** A range, or what is wrong with it. */
function parseRange(text: string): PortRange | string {
  const shown = `"${text.slice(0, 32)}"`;
  const found = /^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$/.exec(text);
  if (found === null) return `${shown} is neither a port nor a range such as "1000-2000"`;
  const from = Number(found[1]);
  const to = found[2] === undefined ? from : Number(found[2]);
  const wrong = [from, to].find((port) => port < 1 || port > 65535);
  if (wrong !== undefined) return `port ${wrong} is not between 1 and 65535`;
  if (from > to) return `${shown} is reversed: write "${to}-${from}"`;
  return { from, to };
}
