import { toSluiceError, type Destination, type Link } from '@sluice/net';
import type { Dialer } from '../services/dialer.js';
import type { Session } from '../services/session.js';

/** Whether another address may do better: the dial failed, not what came after it. */
export function isUnreachable(error: unknown): boolean {
  const { code } = toSluiceError(error);
  return code.startsWith('E_DIAL_') || code.startsWith('E_DNS_');
}

/** The servers of an outbound, which take turns as in V2Ray. */
export class ServerRing<S extends { readonly address: Destination }> {
  readonly #servers: readonly S[];
  #turn = 0;

  /** @param servers at least one */
  constructor(servers: readonly S[]) {
    this.#servers = servers;
  }

  /** The server whose turn it is, for what is sent without a dial (packets). */
  next(): S {
    const server = this.#servers[this.#turn] as S;
    this.#turn = (this.#turn + 1) % this.#servers.length;
    return server;
  }

  /**
   * Dials the server whose turn it is, or the first after it that can be reached.
   * @throws SluiceError the last one's, if none can
   */
  async dial(dialer: Dialer, session: Session): Promise<{ readonly server: S; readonly link: Link }> {
    const count = this.#servers.length;
    const first = this.#turn;
    this.#turn = (first + 1) % count;
    let failure: unknown;
    for (let i = 0; i < count; i += 1) {
      const server = this.#servers[(first + i) % count] as S;
      try {
        return { server, link: await dialer.dial(session, server.address) };
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}
