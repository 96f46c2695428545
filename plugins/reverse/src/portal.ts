import {
  Link,
  SluiceError,
  type Destination,
  type Outbound,
  type PacketConn,
  type ServiceContext,
  type Session,
} from '@sluice/plugin-api';
import { ConnCarrier } from './mux/conn-carrier.js';
import { isCarried } from './mux/frame.js';
import { PortalPackets } from './portal-packets.js';
import { PortalWorker } from './portal-worker.js';
import type { ReverseEnd } from './schema.js';

/** Connections of bridges at a time, so that who may be one cannot have any number of them. */
const MAX_WORKERS = 64;

/** Carries what is routed to it through the bridges that have connected to its domain. */
export class Portal implements Outbound {
  readonly #context: Pick<ServiceContext, 'plane' | 'logger'>;
  readonly #tag: string;
  readonly #domain: string;
  readonly #workers = new Set<PortalWorker>();
  #closed = false;

  constructor(context: Pick<ServiceContext, 'plane' | 'logger'>, { tag, domain }: ReverseEnd) {
    this.#context = context;
    this.#tag = tag;
    this.#domain = domain.toLowerCase();
  }

  /** Connections of bridges at present, and the streams on them. */
  get state(): { readonly workers: number; readonly streams: number } {
    let streams = 0;
    for (const worker of this.#workers) streams += worker.load;
    return { workers: this.#workers.size, streams };
  }

  connect(session: Session, to: Destination): Promise<Link> {
    // Whatever is wrong is said by the promise.
    return Promise.resolve().then(() =>
      this.#isDomain(to) ? this.#welcome(session) : new Link(this.#worker(to).openConn(to)),
    );
  }

  openPackets(_session: Session, to: Destination): Promise<PacketConn> {
    return Promise.resolve().then(() => {
      if (this.#isDomain(to)) throw new SluiceError('E_UNSUPPORTED', 'a bridge connects to its portal by TCP');
      this.#worker(to);
      return new PortalPackets((next) => {
        const isPossible = isCarried(next) && !this.#isDomain(next);
        return isPossible ? this.#freest()?.openPackets(next) : undefined;
      });
    });
  }

  close(): void {
    this.#closed = true;
    const error = new SluiceError('E_CLOSING', 'the portal is being closed');
    for (const worker of [...this.#workers]) worker.close(error);
  }

  #isDomain(to: Destination): boolean {
    return to.type === 'domain' && to.host === this.#domain;
  }

  /** The other end of a bridge's connection. */
  #welcome(session: Session): Link {
    if (this.#closed) throw new SluiceError('E_CLOSING', 'the portal is closed');
    if (this.#workers.size >= MAX_WORKERS)
      throw new SluiceError('E_UPSTREAM_REJECTED', `the portal has ${MAX_WORKERS} connections of bridges already`);
    const { plane, logger } = this.#context;
    const conn = new ConnCarrier(session.local, session.source);
    const worker = new PortalWorker(plane, conn, {
      isOnlyOne: (asking) => ![...this.#workers].some((one) => one !== asking && !one.draining && !one.isFull),
      onClosed: (closed, error) => {
        this.#workers.delete(closed);
        if (error !== undefined)
          logger.info(`a bridge's connection has ended: ${error.message}`, { portal: this.#tag, code: error.code });
      },
    });
    this.#workers.add(worker);
    worker.begin();
    return new Link(conn);
  }

  /** @throws SluiceError E_UNSUPPORTED, E_DIAL_UNREACHABLE */
  #worker(to: Destination): PortalWorker {
    if (!isCarried(to)) throw new SluiceError('E_UNSUPPORTED', 'a bridge is led to IP addresses and domains only');
    const worker = this.#freest();
    if (worker !== undefined) return worker;
    const why = this.#workers.size === 0 ? 'no bridge is connected to the portal' : 'all bridges are full';
    throw new SluiceError('E_DIAL_UNREACHABLE', why);
  }

  /** The one with the fewest streams; of those that are to be left alone only if there is no other. */
  #freest(): PortalWorker | undefined {
    let best: PortalWorker | undefined;
    for (const worker of this.#workers) {
      if (!worker.isFull && (best === undefined || isBetter(worker, best))) best = worker;
    }
    return best;
  }
}

function isBetter(a: PortalWorker, b: PortalWorker): boolean {
  if (a.draining !== b.draining) return b.draining;
  if (a.isHeldUp !== b.isHeldUp) return b.isHeldUp;
  return a.load < b.load;
}
