import { isIP } from 'node:net';
import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import type { OutboundConfig, StreamSettings } from '../model.js';
import { isTrue, member, text, type ConfigNode, type ObjectNode } from '../source/node.js';
import type { EntryContext } from './context.js';
import { readContributed } from './contributed.js';
import { findProtocol, settingsOf } from './protocol.js';
import { readStream } from './stream.js';

const GOES_ANOTHER_WAY = '"streamSettings" have no effect beside "proxySettings": the other outbound\'s count';

/** An outbound as far as it could be read, with what checks across entries need. */
export interface OutboundEntry {
  readonly node: ObjectNode;
  readonly tag: string;
  readonly protocol: string | undefined;
  readonly settings: unknown;
  readonly sendThrough: string | undefined;
  readonly via: string | undefined;
  readonly stream: StreamSettings | undefined;
}

export function readOutbound(node: ConfigNode, context: EntryContext): OutboundEntry | undefined {
  if (node.kind !== 'object') return undefined;
  const { problems } = context;
  const stream = readStream(member(node, 'streamSettings'), 'outbound', context);
  const mux = member(node, 'mux');
  if (isTrue(mux, 'enabled')) {
    problems.error('C_UNAVAILABLE', (member(mux, 'enabled') as ConfigNode).place, 'mux is not available yet', {
      found: 'true',
      expected: 'false',
    });
  }
  const proxy = member(node, 'proxySettings');
  if (isTrue(proxy, 'transportLayer')) {
    problems.error(
      'C_UNAVAILABLE',
      (member(proxy, 'transportLayer') as ConfigNode).place,
      'keeping the transport on the way through another outbound is not available yet',
    );
  }
  if (proxy !== undefined && stream?.layers !== undefined)
    problems.warning('C_IGNORED', (member(node, 'streamSettings') as ConfigNode).place, GOES_ANOTHER_WAY);
  const named = findProtocol(node, context.contributions.outbounds, 'outbound', problems);
  const contributed = named && readContributed(settingsOf(node), named, context);
  return {
    node,
    tag: text(node, 'tag') ?? '',
    protocol: named?.name,
    settings: contributed?.value,
    sendThrough: readSendThrough(node, problems),
    via: text(proxy, 'tag'),
    stream,
  };
}

/** @param tag as configured or made up; the entry must be free of errors */
export function outboundConfig(entry: OutboundEntry, tag: string): OutboundConfig {
  const { protocol, settings, sendThrough, via, stream } = entry;
  return { tag, tagged: entry.tag !== '', protocol: protocol as string, settings, sendThrough, via, stream };
}

function readSendThrough(node: ObjectNode, problems: Problems): string | undefined {
  const found = member(node, 'sendThrough');
  const written = text(node, 'sendThrough')?.trim();
  if (found === undefined || written === undefined) return undefined;
  const bare = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  if (isIP(bare) !== 0) return bare;
  problems.error('C_ADDRESS', found.place, 'connections can be made from an IP of this machine only', {
    found: describeFound(found),
    expected: 'an IP',
  });
  return undefined;
}
