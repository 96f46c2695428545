import { SluiceError, TimerEntry, TimerWheel, toSluiceError, type OwnSession } from '@sluice/plugin-api';
import { BRIDGE_PROTOCOL, BridgeWorker, type BridgeContext } from './bridge-worker.js';
import type { ReverseEnd } from './schema.js';

const ticks = (ms: number): number => TimerWheel.ticks(ms);
/** So often the bridge looks whether it needs another connection; as V2Ray. */
const LOOK_TICKS = ticks(2000);
/** With more streams than this on each connection, on the average, one more is opened; as V2Ray. */
const STREAMS_A_WORKER = 16;
/** Connections at a time, those that only wait for their last streams apart. */
const MAX_WORKERS = 16;
/** The same, with those: beyond it the oldest of them is closed. */
const MAX_WITH_DRAINING = 64;
/** For connections whose bytes do not get through, no more than so many are opened. */
const MAX_FOR_SPEED = 4;
/** A portal says something every 2 s; after this it is gone. */
const SILENCE_TICKS = ticks(30_000);
/** A drained connection without streams is the portal's to close; this long it may take. */
const DRAINED_TICKS = ticks(60_000);
/** A stream of packets that was quiet for so long is over. */
const PACKETS_TICKS = ticks(120_000);
/** A connection that lived shorter is a failure, like one that could not be made. */
const LIVED_TICKS = ticks(10_000);
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;

/** Keeps as many connections open to a portal as what comes through them asks for. */
export class Bridge extends TimerEntry {
  readonly #context: BridgeContext;
  readonly #settings: ReverseEnd;
  readonly #workers = new Set<BridgeWorker>();
  /** The connection that is being made. */
  #opening: OwnSession | undefined;
  #failures = 0;
  /** The tick before which nothing is tried. */
  #retryAt = 0;
  #wasBlocked = false;
  #running = false;

  constructor(context: BridgeContext, settings: ReverseEnd) {
    super();
    this.#context = context;
    this.#settings = settings;
  }

  start(): void {
    this.#running = true;
    this.#look();
  }

  close(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#context.plane.timers.cancel(this);
    this.#opening?.close();
    const error = new SluiceError('E_CLOSING', 'the bridge is being closed');
    for (const worker of [...this.#workers]) worker.close(error);
  }

  /** Connections at present, and the streams on them. */
  get state(): { readonly workers: number; readonly streams: number } {
    let streams = 0;
    for (const worker of this.#workers) streams += worker.connections;
    return { workers: this.#workers.size, streams };
  }

  onTimer(): void {
    this.#look();
  }

  #look(): void {
    if (!this.#running) return;
    const { timers } = this.#context.plane;
    timers.schedule(this, LOOK_TICKS);
    this.#sweep(timers.now);
    if (this.#opening === undefined && timers.now >= this.#retryAt && this.#needsWorker()) void this.#open();
  }

  #needsWorker(): boolean {
    let active = 0;
    let streams = 0;
    let blocked = 0;
    for (const worker of this.#workers) {
      if (worker.draining) continue;
      active += 1;
      streams += worker.connections;
      if (worker.blocked) blocked += 1;
    }
    const isBlocked = active > 0 && blocked === active;
    const isSlow = isBlocked && this.#wasBlocked && active < MAX_FOR_SPEED;
    this.#wasBlocked = isBlocked;
    if (active === 0) return true;
    return active < MAX_WORKERS && (streams / active > STREAMS_A_WORKER || isSlow);
  }

  #sweep(now: number): void {
    for (const worker of [...this.#workers]) {
      worker.endQuietPackets(now - PACKETS_TICKS);
      const { silentFor } = worker;
      if (worker.draining ? worker.connections === 0 && silentFor > DRAINED_TICKS : silentFor > SILENCE_TICKS)
        worker.close(new SluiceError('E_CONN_TIMEOUT', 'nothing has come from the portal for too long'));
    }
    if (this.#workers.size < MAX_WITH_DRAINING) return;
    const oldest = [...this.#workers].find((worker) => worker.draining);
    oldest?.close(new SluiceError('E_CLOSING', 'the portal leaves too many connections to drain'));
  }

  async #open(): Promise<void> {
    const { dispatcher, logger } = this.#context;
    const { tag } = this.#settings;
    const session = dispatcher.originate({ inboundTag: tag, inboundProtocol: BRIDGE_PROTOCOL });
    this.#opening = session;
    try {
      const worker = await BridgeWorker.open(this.#context, this.#settings, session, (closed, error) =>
        this.#closed(closed, error),
      );
      this.#workers.add(worker);
      worker.begin();
      if (!this.#running) worker.close(new SluiceError('E_CLOSING', 'the bridge is being closed'));
      logger.debug('the bridge has connected');
    } catch (error) {
      session.close();
      this.#failed(toSluiceError(error));
    } finally {
      this.#opening = undefined;
    }
  }

  #closed(worker: BridgeWorker, error: SluiceError | undefined): void {
    this.#workers.delete(worker);
    if (!this.#running) return;
    const lived = this.#context.plane.timers.now - worker.openedAt >= LIVED_TICKS;
    if (worker.greeted && lived) {
      this.#failures = 0;
      this.#retryAt = 0;
      // At once, but not within the fall of what was there before.
      this.#context.plane.timers.schedule(this, 1);
    } else if (!worker.draining)
      this.#failed(error ?? new SluiceError('E_CONN_CLOSED', 'the portal has closed the connection'));
  }

  #failed(error: SluiceError): void {
    if (!this.#running) return;
    const { plane, logger } = this.#context;
    this.#failures += 1;
    const wait = ticks(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1)));
    this.#retryAt = plane.timers.now + wait;
    if (this.#workers.size === 0) plane.timers.schedule(this, wait);
    const message = `the bridge has no connection to its portal: ${error.message}`;
    const fields = { bridge: this.#settings.tag, code: error.code };
    // Once: a portal that is away stays away for some time.
    if (this.#failures === 1) logger.warn(message, fields);
    else logger.debug(message, fields);
  }
}
