import type { Problems } from '../diagnostics/problems.js';
import {
  items,
  member,
  withMember,
  without,
  type ArrayNode,
  type ConfigNode,
  type ObjectNode,
} from '../source/node.js';

/**
 * Rewrites the forms of V2Ray before v4 as it does itself: `inbound` and `inboundDetour` come
 * before `inbounds`, `port` is the first inbound's if that has none, `routing.settings` fills what
 * `routing` leaves out and its rules follow. Each is reported as deprecated.
 */
export function modernise(root: ObjectNode, problems: Problems): ObjectNode {
  let result = root;
  for (const [single, detour, list] of [
    ['inbound', 'inboundDetour', 'inbounds'],
    ['outbound', 'outboundDetour', 'outbounds'],
  ] as const) {
    if (member(root, single) === undefined && member(root, detour) === undefined) continue;
    deprecate(root, single, `"${single}" is an older form: make it the first entry of "${list}"`, problems);
    deprecate(root, detour, `"${detour}" is an older form: put its entries into "${list}"`, problems);
    const lone = member(root, single);
    const all = [...(lone === undefined ? [] : [lone]), ...items(root, detour), ...items(root, list)];
    result = withMember(
      without(result, [single, detour]),
      list,
      listAt(all, lone ?? (member(root, detour) as ConfigNode)),
    );
  }
  return moderniseRouting(movePort(result, problems), problems);
}

function movePort(root: ObjectNode, problems: Problems): ObjectNode {
  const port = member(root, 'port');
  if (port === undefined) return root;
  deprecate(root, 'port', '"port" at the top is an older form: write it into the inbound', problems);
  const rest = without(root, ['port']);
  const [first, ...others] = items(root, 'inbounds');
  if (first?.kind !== 'object' || member(first, 'port') !== undefined) return rest;
  return withMember(
    rest,
    'inbounds',
    listAt([withMember(first, 'port', port), ...others], member(root, 'inbounds') as ConfigNode),
  );
}

function moderniseRouting(root: ObjectNode, problems: Problems): ObjectNode {
  const routing = member(root, 'routing');
  const older = member(routing, 'settings');
  if (routing?.kind !== 'object' || older?.kind !== 'object') return root;
  deprecate(
    routing,
    'settings',
    '"routing.settings" is an older form: put what it holds into "routing" itself',
    problems,
  );
  let result = without(routing, ['settings']);
  for (const key of ['rules', 'balancers'] as const) {
    const value = member(older, key);
    if (value !== undefined)
      result = withMember(result, key, listAt([...items(result, key), ...items(older, key)], value));
  }
  const strategy = member(older, 'domainStrategy');
  if (strategy !== undefined && member(result, 'domainStrategy') === undefined)
    result = withMember(result, 'domainStrategy', strategy);
  return withMember(root, 'routing', result);
}

function deprecate(node: ObjectNode, key: string, message: string, problems: Problems): void {
  const found = node.members.find((one) => one.key === key);
  if (found !== undefined) problems.warning('C_DEPRECATED', found.keyPlace, message);
}

function listAt(list: readonly ConfigNode[], { place }: ConfigNode): ArrayNode {
  return { kind: 'array', items: list, place };
}
