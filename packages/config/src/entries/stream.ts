import { describeFound } from '../diagnostics/found.js';
import type { Problems } from '../diagnostics/problems.js';
import type { StreamSettings } from '../model.js';
import { isTrue, member, text, type ConfigNode, type Place } from '../source/node.js';

type Side = 'inbound' | 'outbound';

/** Which settings belong to which network or security. */
const owners: Readonly<Record<string, string>> = {
  tcpSettings: 'tcp',
  kcpSettings: 'kcp',
  wsSettings: 'ws',
  httpSettings: 'h2',
  dsSettings: 'ds',
  quicSettings: 'quic',
};

/** Reads normalised `streamSettings`. What would change the bytes on the wire and is not there is an error. */
export function readStream(node: ConfigNode | undefined, side: Side, problems: Problems): StreamSettings | undefined {
  if (node?.kind !== 'object') return undefined;
  const network = text(node, 'network') ?? 'tcp';
  const security = text(node, 'security') ?? 'none';
  if (security === 'tls')
    problems.error('C_UNAVAILABLE', placeOf(node, 'security'), 'TLS is not available yet', {
      found: '"tls"',
      expected: '"none"',
    });
  else if (member(node, 'tlsSettings') !== undefined)
    ignored(node, 'tlsSettings', 'it belongs to the security "tls"', problems);
  for (const [key, owner] of Object.entries(owners)) {
    if (owner !== network) ignored(node, key, `it belongs to the network "${owner}"`, problems);
  }
  checkSockopt(member(node, 'sockopt'), side, problems);
  if (network === 'tcp') {
    checkTcpSettings(member(node, 'tcpSettings'), problems);
    return { network: 'tcp', security: 'none' };
  }
  if (network === 'ds') return { network: 'ds', security: 'none', path: readSocketPath(node, problems) };
  if (['kcp', 'ws', 'h2', 'quic'].includes(network)) {
    problems.error('C_UNAVAILABLE', placeOf(node, 'network'), `the network "${network}" is not available yet`, {
      found: `"${network}"`,
      expected: '"tcp" or "ds"',
    });
  }
  return undefined;
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
