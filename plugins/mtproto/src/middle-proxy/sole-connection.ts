import { Link, type DataPlane } from '@sluice/plugin-api';
import { MiddleProxyConn } from './middle-proxy-conn.js';
import { MiddleProxyConnection, type ConnectionOwner } from './middle-proxy-connection.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy-target.js';
import { QueueBudget } from './queue-budget.js';

/** A connection that serves one client waits for it, so that next to nothing of it is kept. */
const budget = new QueueBudget(Infinity);

const nobody: ConnectionOwner = { connectionIdle: () => undefined, connectionClosed: () => undefined };

/**
 * Speaks to the target's preferred middle proxy on a link that leads there and serves this client
 * alone: for routes to outbounds that know nothing of middle proxies. The link is closed if that
 * fails. Uses the client's keystreams up if it succeeds, and only then.
 * @returns a link whose bytes are the client's
 * @throws SluiceError E_HANDSHAKE_TIMEOUT, E_PROTOCOL, E_AUTH, E_UNSUPPORTED, or the connection's own
 */
export async function speakMiddleProxy(
  plane: DataPlane,
  link: Link,
  target: MiddleProxyTarget,
  client: MiddleProxyClient,
): Promise<Link> {
  const { preferred, secret, natAddress } = target;
  let connection: MiddleProxyConnection;
  try {
    connection = await MiddleProxyConnection.open(plane, link, { to: preferred, secret, natAddress }, nobody);
  } catch (error) {
    target.failed(preferred);
    throw error;
  }
  target.worked(preferred);
  const spoken = new Link(new MiddleProxyConn(connection, { target, client, exclusive: true, budget }));
  spoken.timeouts = link.timeouts;
  spoken.tcp = link.tcp;
  return spoken;
}
