import { sessionKey, type Destination, type Dispatcher, type Link, type Session } from '@sluice/plugin-api';

const key = sessionKey<true>('mtproto.list');

/**
 * Whether the session fetches a list of middle proxies. Rules that lead an mtproto inbound to an
 * mtproto outbound lead these sessions there, too: the outbound then dials, and nothing else.
 */
export function isListSession(session: Session): boolean {
  return session.get(key) === true;
}

/** Connects through the router on the plugin's own account. Errors as `Dispatcher.connect`. */
export async function connectForList(
  dispatcher: Pick<Dispatcher, 'connect' | 'originate'>,
  inboundTag: string,
  to: Destination,
  signal: AbortSignal,
): Promise<Link> {
  const session = dispatcher.originate({ inboundTag, inboundProtocol: 'mtproto' });
  session.set(key, true);
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
