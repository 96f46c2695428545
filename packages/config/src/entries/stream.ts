import type { StreamLayerContribution } from '@sluice/plugin-api';
import type { Named } from '../contributions.js';
import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import type { LayerConfig, StreamSettings } from '../model.js';
import { layerSettingsKey } from '../schema/stream.js';
import { isTrue, member, text, type ConfigNode, type ObjectNode, type Place } from '../source/node.js';
import type { EntryContext } from './context.js';
import { readContributed } from './contributed.js';

type Side = 'inbound' | 'outbound';

/** Which settings belong to which network. */
const NETWORK_SETTINGS: Readonly<Record<string, string>> = {
  tcpSettings: 'tcp',
  kcpSettings: 'kcp',
  wsSettings: 'ws',
  httpSettings: 'h2',
  dsSettings: 'ds',
  quicSettings: 'quic',
};

/**
 * Reads normalised `streamSettings`. What would change the bytes on the wire and is not there is an error.
 * @returns undefined if there are none, or they could not be read
 */
export function readStream(
  node: ConfigNode | undefined,
  side: Side,
  context: EntryContext,
): StreamSettings | undefined {
  if (node?.kind !== 'object') return undefined;
  const { problems, contributions } = context;
  const network = text(node, 'network') ?? 'tcp';
  const security = text(node, 'security') ?? 'none';
  const used = [
    ['securities', contributions.securities.get(security.toLowerCase())],
    ['transports', contributions.transports.get(network.toLowerCase())],
  ] as const;
  const layers = used.flatMap(([kind, named]) => (named === undefined ? [] : [readLayer(node, kind, named, context)]));
  checkUnused(node, network, security, context);
  checkSockopt(member(node, 'sockopt'), side, problems);
  const isBare = layers.length === 0;
  if (security === 'tls' && used[0][1] === undefined) unavailable(node, 'security', 'TLS is', '"none"', problems);
  const read = layers.filter((layer) => layer !== undefined);
  const through = isBare ? undefined : { layers: read };
  if (used[1][1] !== undefined || network === 'tcp') {
    if (network === 'tcp') checkTcpSettings(member(node, 'tcpSettings'), problems);
    return through;
  }
  if (network === 'ds') return { ...through, path: readSocketPath(node, problems) };
  if (['kcp', 'ws', 'h2', 'quic'].includes(network))
    unavailable(node, 'network', `the network "${network}" is`, '"tcp" or "ds"', problems);
  return undefined;
}

/** A plugin's layer; undefined if its settings have errors. */
function readLayer(
  node: ObjectNode,
  kind: LayerConfig['kind'],
  named: Named<StreamLayerContribution>,
  context: EntryContext,
): LayerConfig | undefined {
  const key = layerSettingsKey(named.name);
  const settings: ConfigNode = member(node, key) ?? {
    kind: 'object',
    members: [],
    place: { ...node.place, pointer: `${node.place.pointer}/${key}` },
  };
  const read = readContributed(settings, named, context);
  return read && { kind, name: named.name, settings: read.value };
}

/** Settings of networks and securities that are not in use. */
function checkUnused(
  node: ObjectNode,
  network: string,
  security: string,
  { contributions, problems }: EntryContext,
): void {
  const owners = new Map<string, readonly [name: string, isUsed: boolean, noun: string]>();
  for (const [key, owner] of Object.entries(NETWORK_SETTINGS)) owners.set(key, [owner, owner === network, 'network']);
  owners.set(layerSettingsKey('tls'), ['tls', security === 'tls', 'security']);
  for (const { name } of contributions.transports.values())
    owners.set(layerSettingsKey(name), [name, name === network, 'network']);
  for (const { name } of contributions.securities.values())
    owners.set(layerSettingsKey(name), [name, name === security, 'security']);
  for (const [key, [owner, isUsed, noun]] of owners)
    if (!isUsed) ignored(node, key, `it belongs to the ${noun} "${owner}"`, problems);
}

function unavailable(node: ObjectNode, key: string, what: string, expected: string, problems: Problems): void {
  const found = JSON.stringify(text(node, key));
  problems.error('C_UNAVAILABLE', placeOf(node, key), `${what} not available yet`, { found, expected });
}

/** What a TCP stream looks like on the wire; used for the settings of `transport`, too. */
export function checkTcpSettings(node: ConfigNode | undefined, problems: Problems): void {
  const header = member(node, 'header');
  if (text(header, 'type') === 'http') {
    problems.error('C_UNAVAILABLE', placeOf(header, 'type'), 'the HTTP disguise of TCP is not available yet', {
      found: '"http"',
      expected: '"none"',
    });
  }
  refuseProxyProtocol(node, problems);
}

function checkSockopt(node: ConfigNode | undefined, side: Side, problems: Problems): void {
  const mark = member(node, 'mark');
  if (mark?.kind === 'scalar' && mark.value !== 0 && typeof mark.value === 'number') {
    const message = 'SO_MARK is not available yet';
    if (side === 'outbound') problems.error('C_UNAVAILABLE', mark.place, message, { found: describeFound(mark) });
    else problems.warning('C_IGNORED', mark.place, `${message}; on inbound connections it has no effect`);
  }
  const tproxy = text(node, 'tproxy');
  if (tproxy === 'redirect' || tproxy === 'tproxy') {
    problems.error('C_UNAVAILABLE', placeOf(node, 'tproxy'), 'transparent proxying is not available yet', {
      found: JSON.stringify(tproxy),
      expected: '"off"',
    });
  }
  for (const key of ['tcpFastOpen', 'tcpKeepAliveInterval'])
    ignored(node, key, "the system's own setting counts", problems);
  refuseProxyProtocol(node, problems);
}

function refuseProxyProtocol(node: ConfigNode | undefined, problems: Problems): void {
  if (isTrue(node, 'acceptProxyProtocol')) {
    problems.error('C_UNAVAILABLE', placeOf(node, 'acceptProxyProtocol'), 'the PROXY protocol is not available yet');
  }
}

function readSocketPath(node: ConfigNode, problems: Problems): string | undefined {
  const settings = member(node, 'dsSettings');
  const path = text(settings, 'path') ?? '';
  if (isTrue(settings, 'padding'))
    problems.error('C_UNAVAILABLE', placeOf(settings, 'padding'), 'padded abstract sockets are not available yet');
  if (path === '') {
    const place = settings === undefined ? node.place : settings.place;
    problems.error('C_MISSING', place, 'the network "ds" needs "dsSettings.path"', {
      expected: 'the path of a Unix socket',
    });
    return undefined;
  }
  const socket = isTrue(settings, 'abstract') && !path.startsWith('@') ? `@${path}` : path;
  if (socket.startsWith('/') || socket.startsWith('@')) return socket;
  problems.error('C_ADDRESS', placeOf(settings, 'path'), 'the path of a Unix socket must be absolute', {
    found: JSON.stringify(path),
    expected: '"/path" or "@abstract-name"',
  });
  return undefined;
}

function ignored(node: ConfigNode | undefined, key: string, why: string, problems: Problems): void {
  if (node?.kind !== 'object') return;
  const found = node.members.find((one) => one.key === key);
  if (found !== undefined) problems.warning('C_IGNORED', found.keyPlace, `"${key}" has no effect: ${why}`);
}

function placeOf(node: ConfigNode | undefined, key: string): Place {
  return member(node, key)?.place ?? (node as ConfigNode).place;
}
