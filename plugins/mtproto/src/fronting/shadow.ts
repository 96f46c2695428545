import {
  SluiceError,
  TimerEntry,
  TimerWheel,
  type DataPlane,
  type Destination,
  type Dispatcher,
  type Link,
  type Session,
} from '@sluice/plugin-api';
import type { Slots } from './slots.js';

const notNeeded = new SluiceError('E_CLOSING', 'the connection to the fronted host is not needed');

/** Whoever has not said who they are by then may be a stranger, in ms. Users nearly always have. */
const PATIENCE_MS = 200;

export interface ShadowServices {
  readonly plane: DataPlane;
  readonly dispatcher: Dispatcher;
}

export interface ShadowWatch {
  /** Where a connection to the host takes its place. */
  readonly slots: Slots;
  /** The host has sent something, or its end, before it was known whose the client is. */
  hostSpoke(): void;
}

/**
 * A connection to the fronted host for a client of whom it is not known yet whose it is: one that is
 * silent, or has sent half a hello. The host's own time limits so run from the beginning, as they do
 * for its visitors; otherwise they would come late by the time that we wait.
 */
export class Shadow extends TimerEntry {
  readonly #services: ShadowServices;
  readonly #session: Session;
  readonly #host: Destination;
  readonly #watch: ShadowWatch;
  #visit: Session | undefined;
  #dialled: Promise<Link | undefined> | undefined;
  #isDropped = false;
  #isClaimed = false;

  constructor(services: ShadowServices, session: Session, host: Destination, watch: ShadowWatch) {
    super();
    this.#services = services;
    this.#session = session;
    this.#host = host;
    this.#watch = watch;
    services.plane.timers.schedule(this, TimerWheel.ticks(PATIENCE_MS));
  }

  onTimer(): void {
    const { slots } = this.#watch;
    if (!slots.take()) return;
    const visit = this.#session.fork();
    this.#visit = visit;
    visit.onEnd(slots);
    this.#dialled = this.#services.dispatcher.connect(visit, this.#host, { byConfiguration: true }).then(
      (link) => {
        if (this.#isDropped) {
          link.destroy();
          return undefined;
        }
        this.#listen(link);
        return link;
      },
      () => undefined,
    );
  }

  /**
   * The session and link to be relayed, if there is a connection to that host; it is the caller's
   * then. Dropped otherwise.
   */
  async claim(host: Destination | undefined): Promise<{ visit: Session; upstream: Link } | undefined> {
    const upstream = host === this.#host ? await this.#dialled : undefined;
    const visit = this.#visit;
    if (upstream === undefined || visit === undefined) {
      this.drop();
      return undefined;
    }
    this.#isClaimed = true;
    upstream.reader.giveUp(notNeeded);
    this.#visit = undefined;
    this.#dialled = undefined;
    return { visit, upstream };
  }

  /** The client is a user, or gone. Harmless if it has been claimed. */
  drop(): void {
    this.#services.plane.timers.cancel(this);
    this.#isDropped = true;
    const dialled = this.#dialled;
    this.#dialled = undefined;
    void dialled?.then((link) => link?.destroy());
    this.#visit?.end(notNeeded);
    this.#visit = undefined;
  }

  /** What the host says to someone who keeps it waiting is for the client to hear, and at that time. */
  #listen({ reader }: Link): void {
    const heard = (): void => {
      if (!this.#isClaimed && !this.#isDropped) this.#watch.hostSpoke();
    };
    reader.inspect((bytes) => bytes.length > 0).then(heard, heard);
  }
}
