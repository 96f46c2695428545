import { SluiceError, toSluiceError, type DataPlane, type Link, type Session } from '@sluice/plugin-api';

/**
 * Runs a handshake on a link that was just dialled, and closes the link if it fails, lasts longer
 * than `ms` or the instance closes.
 * @throws SluiceError of the handshake, E_HANDSHAKE_TIMEOUT, E_CLOSING
 */
export async function withDeadline<T>(
  plane: DataPlane,
  session: Session,
  link: Link,
  ms: number,
  handshake: () => Promise<T>,
): Promise<T> {
  let stopped: SluiceError | undefined;
  const stop = (reason: SluiceError): void => {
    stopped ??= reason;
    link.destroy(reason);
  };
  const onAbort = (): void => stop(new SluiceError('E_CLOSING', 'the instance is shutting down'));
  const timer = plane.timers.after(ms, () =>
    stop(new SluiceError('E_HANDSHAKE_TIMEOUT', 'the SOCKS server did not answer in time')),
  );
  const { signal } = session;
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await handshake();
  } catch (error) {
    link.destroy();
    throw stopped ?? named(error);
  } finally {
    plane.timers.cancel(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The reader speaks of "the peer"; here that is the server, not the client. */
function named(thrown: unknown): SluiceError {
  const error = toSluiceError(thrown);
  if (error.code === 'E_CONN_CLOSED')
    return new SluiceError(error.code, 'the SOCKS server closed the connection during the handshake', { cause: error });
  if (error.code === 'E_CONN_RESET')
    return new SluiceError(error.code, 'the SOCKS server reset the connection during the handshake', { cause: error });
  return error;
}
