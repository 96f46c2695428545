import type { Named } from '../contributions.js';
import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import { nearest } from '../diagnostics/suggestion.js';
import { orList } from '../schema/description.js';
import { member, type ConfigNode } from '../source/node.js';

/** The contribution that an entry's `protocol` names; one that nobody brings is reported. */
export function findProtocol<C>(
  entry: ConfigNode,
  known: ReadonlyMap<string, Named<C>>,
  noun: string,
  problems: Problems,
): Named<C> | undefined {
  const protocol = member(entry, 'protocol');
  if (protocol?.kind !== 'scalar' || typeof protocol.value !== 'string') return undefined;
  const found = known.get(protocol.value.toLowerCase());
  if (found !== undefined) return found;
  const names = [...known.values()].map(({ name }) => name).sort();
  const suggestion = nearest(protocol.value, names);
  problems.error('C_UNKNOWN_PROTOCOL', protocol.place, `no ${noun} speaks this protocol`, {
    found: describeFound(protocol),
    expected: orList(names.map((name) => JSON.stringify(name))),
    suggestion: suggestion === undefined ? undefined : JSON.stringify(suggestion),
  });
  return undefined;
}

/** The entry's `settings`; without any, an empty object in the entry's place. */
export function settingsOf(entry: ConfigNode): ConfigNode {
  return (
    member(entry, 'settings') ?? {
      kind: 'object',
      members: [],
      place: { ...entry.place, pointer: `${entry.place.pointer}/settings` },
    }
  );
}
