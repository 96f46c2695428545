import {
  isUnreachable,
  toSluiceError,
  type Dispatcher,
  type Link,
  type Session,
  type SluiceError,
} from '@sluice/plugin-api';
import type { TelegramRequest } from '../telegram-request.js';

/** After this long no further address is begun with, in ms: no client waits longer. */
const PATIENCE_MS = 8000;

/**
 * Connects a client's session to its data centre by whichever outbound the routing chooses. The
 * mtproto outbound races the addresses itself; through one that knows nothing of Telegram they are
 * tried here, one after the other.
 * @param client not connected for any further once it is gone
 * @throws SluiceError the first address's reason if none can be reached
 */
export async function connectToDataCenter(
  dispatcher: Pick<Dispatcher, 'connect'>,
  session: Session,
  client: Link,
  request: TelegramRequest,
): Promise<Link> {
  let first: SluiceError | undefined;
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (const address of request.addresses) {
    try {
      const upstream = await dispatcher.connect(session, address);
      if (!request.claimed) request.health.connected(address);
      return upstream;
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (request.allTried || !mayBeTheAddress(error)) throw first ?? error;
      request.health.failed(address, error);
      first ??= error;
      // A Telegram client that ends its direction has left.
      if (client.conn.destroyed || client.reader.sawEnd || performance.now() >= giveUpAt) break;
    }
  }
  throw first as SluiceError;
}

/** Whether another address may do better. A proxy on the way names an unreachable target by refusing. */
function mayBeTheAddress(error: SluiceError): boolean {
  return isUnreachable(error) || error.code === 'E_UPSTREAM_REJECTED';
}
