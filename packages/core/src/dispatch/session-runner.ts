import {
  formatEndpoint,
  SluiceError,
  toSluiceError,
  type DataPlane,
  type Link,
  type Logger,
  type Session,
} from '@sluice/plugin-api';
import type { AccessLog } from '../log/access-log.js';
import type { ConnSession } from './conn-session.js';
import type { SessionTable } from './session-table.js';

export interface RunnerServices {
  readonly plane: DataPlane;
  readonly sessions: SessionTable;
  readonly accessLog: AccessLog;
}

/** Who reads a connection's handshake and hands it on: an inbound, or a part of a service. */
export interface Acceptor {
  accept?(link: Link, session: Session): Promise<void>;
}

/** How long a refused client has to take the last bytes, in ms. */
const LINGER_MS = 1000;

/** Leads connections with their sessions through their acceptor, and sees them end. */
export class SessionRunner {
  readonly #services: RunnerServices;
  readonly #logger: Logger;

  constructor(services: RunnerServices, logger: Logger) {
    this.#services = services;
    this.#logger = logger;
  }

  /** Not an async function: nothing of it stays while the connection lives. */
  run(link: Link, session: ConnSession, acceptor: Acceptor): void {
    let accepted: Promise<void>;
    try {
      accepted = acceptor.accept?.(link, session) ?? Promise.resolve();
    } catch (error) {
      this.#finish(session, toSluiceError(error));
      return;
    }
    accepted.then(
      () => {
        if (session.relay === undefined) this.#finish(session, undefined);
      },
      (error: unknown) => this.#finish(session, toSluiceError(error)),
    );
  }

  #finish(session: ConnSession, error: SluiceError | undefined): void {
    const { plane, sessions, accessLog } = this.#services;
    session.established();
    if (session.relay !== undefined) {
      // A relay owns both links and the session's end; what fails beside it ends it.
      session.relay.close('error', error);
      this.#log(session, error);
      return;
    }
    if (!sessions.remove(session, error)) return;
    session.abandon(error ?? new SluiceError('E_CONN_CLOSED', 'the client is gone'));
    const { link } = session.origin;
    // What the inbound wrote last (a refusal) is still sent; then the connection closes.
    if (link.conn.destroyed) link.dispose();
    else link.lingerThenClose(plane, LINGER_MS);
    const { bytesRead, bytesWritten } = link.conn;
    // Its requests have said all; a line of its own would count their bytes twice.
    if (error === undefined && session.origin.carriesRequests) return;
    const end = error === undefined ? 'handled' : 'rejected';
    accessLog.record(session, { uplink: bytesRead, downlink: bytesWritten, end, error });
    this.#log(session, error);
  }

  #log(session: ConnSession, error: SluiceError | undefined): void {
    if (error === undefined) return;
    if (error.code === 'E_INTERNAL') this.#logger.error(error.message, { source: formatEndpoint(session.source) });
    else
      this.#logger.info(`connection ended: ${error.message}`, {
        source: formatEndpoint(session.source),
        code: error.code,
      });
  }
}
