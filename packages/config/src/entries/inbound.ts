import type { Network } from '@sluice/plugin-api';
import { isIP } from 'node:net';
import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import type { InboundConfig, PortRange, SniffingConfig, StreamSettings } from '../model.js';
import { member, text, type ConfigNode, type ObjectNode, type Place } from '../source/node.js';
import type { EntryContext } from './context.js';
import { readContributed } from './contributed.js';
import { readPortRange } from './port-range.js';
import { findProtocol, settingsOf } from './protocol.js';
import { readSniffing } from './sniffing.js';
import { readStream } from './stream.js';

const PACKETS_PASS_BY = '"streamSettings" have no effect on UDP: packets come and go as they are';

/** An inbound as far as it could be read, with what checks across entries need. */
export interface InboundEntry {
  readonly node: ObjectNode;
  readonly tag: string;
  readonly protocol: string | undefined;
  readonly listen: string | undefined;
  readonly ports: readonly PortRange[];
  readonly settings: unknown;
  /** Empty if the settings could not be read. */
  readonly networks: readonly Network[];
  readonly sniffing: SniffingConfig | undefined;
  readonly stream: StreamSettings | undefined;
}

export function readInbound(node: ConfigNode, context: EntryContext): InboundEntry | undefined {
  if (node.kind !== 'object') return undefined;
  const { problems } = context;
  const stream = readStream(member(node, 'streamSettings'), 'inbound', context);
  const listen = stream?.path ?? readListen(node, problems);
  const ports = listen !== undefined && isUnix(listen) ? [] : readPorts(node, context);
  checkAllocate(member(node, 'allocate'), problems);
  const sniffing = readSniffing(node, context);
  const named = findProtocol(node, context.contributions.inbounds, 'inbound', problems);
  const contributed = named && readContributed(settingsOf(node), named, context);
  let networks: readonly Network[] = [];
  if (named !== undefined && contributed !== undefined) {
    try {
      networks = named.contribution.networks(contributed.value);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.error('C_PLUGIN', node.place, `the plugin "${named.plugin}" does not say what to listen for: ${why}`);
    }
  }
  const entry = {
    node,
    tag: text(node, 'tag') ?? '',
    protocol: named?.name,
    listen,
    ports,
    settings: contributed?.value,
    networks,
    sniffing,
    stream,
  };
  if (stream?.layers !== undefined && networks.includes('udp'))
    problems.warning('C_IGNORED', (member(node, 'streamSettings') as ConfigNode).place, PACKETS_PASS_BY);
  if (isUnix(listen ?? '') && networks.includes('udp')) {
    problems.error('C_ADDRESS', listenPlace(node), 'a Unix socket carries no UDP, which these settings ask for');
  }
  return entry;
}

/** @param tag as configured or made up; the entry must be free of errors */
export function inboundConfig(entry: InboundEntry, tag: string): InboundConfig {
  return {
    tag,
    tagged: entry.tag !== '',
    protocol: entry.protocol as string,
    listen: entry.listen as string,
    ports: entry.ports,
    settings: entry.settings,
    ...(entry.stream?.layers === undefined ? {} : { stream: { layers: entry.stream.layers } }),
    ...(entry.sniffing === undefined ? {} : { sniffing: entry.sniffing }),
  };
}

export function isUnix(listen: string): boolean {
  return listen.startsWith('/') || listen.startsWith('@');
}

export function listenPlace(node: ObjectNode): Place {
  return member(node, 'listen')?.place ?? node.place;
}

function readListen(node: ObjectNode, problems: Problems): string | undefined {
  const listen = member(node, 'listen');
  if (listen === undefined) return '0.0.0.0';
  if (listen.kind !== 'scalar' || typeof listen.value !== 'string') return undefined;
  const written = listen.value.trim();
  if (isUnix(written) && written.length > 1) return written;
  if (written.toLowerCase() === 'localhost') return '127.0.0.1';
  const bare = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  if (isIP(bare) !== 0) return bare;
  problems.error('C_ADDRESS', listen.place, 'this cannot be listened on', {
    found: describeFound(listen),
    expected: 'an IP, "localhost", or a Unix socket as "/path" or "@abstract-name"',
  });
  return undefined;
}

function readPorts(node: ObjectNode, context: EntryContext): readonly PortRange[] {
  const port = member(node, 'port');
  if (port === undefined) {
    context.problems.error('C_MISSING', { ...node.place, pointer: `${node.place.pointer}/port` }, '"port" is missing', {
      expected: 'a port from 1 to 65535, unless "listen" is a Unix socket',
    });
    return [];
  }
  const range = readPortRange(port, context);
  return range === undefined ? [] : [range];
}

function checkAllocate(node: ConfigNode | undefined, problems: Problems): void {
  const strategy = member(node, 'strategy');
  if (strategy === undefined || text(node, 'strategy') !== 'random') return;
  problems.error('C_UNAVAILABLE', strategy.place, 'ports that open and close in turn are not available yet', {
    found: '"random"',
    expected: '"always"',
  });
}
