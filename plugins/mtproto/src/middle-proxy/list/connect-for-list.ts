import type { Destination, Dispatcher, Link } from '@sluice/plugin-api';

/** Connects through the router on the plugin's own account. Errors as `Dispatcher.connect`. */
export async function connectForList(
  dispatcher: Pick<Dispatcher, 'connect' | 'originate'>,
  inboundTag: string,
  to: Destination,
  signal: AbortSignal,
): Promise<Link> {
  const session = dispatcher.originate({ inboundTag, inboundProtocol: 'mtproto' });
  const giveUp = (): void => session.close();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await dispatcher.connect(session, to);
  } finally {
    signal.removeEventListener('abort', giveUp);
    // The link is ours; the session has served.
    session.close();
  }
}
