import { type SluiceError, TimerEntry, TimerWheel, type DataPlane, type Destination } from '@sluice/plugin-api';
import { controlTarget, encodeControl } from './control/control.js';
import type { Carrier } from './mux/carrier.js';
import type { MuxConn } from './mux/mux-conn.js';
import { MuxConnection } from './mux/mux-connection.js';
import type { MuxPackets } from './mux/mux-packets.js';

/** As V2Ray: so often the bridge hears how things stand. */
const HEARTBEAT_TICKS = TimerWheel.ticks(2000);
/** As V2Ray: after so many streams a connection is only kept for those it has. */
const MAX_OPENED = 256;

export interface PortalWorkerOptions {
  /** Whether nothing else would carry new streams: the bridge has not opened another yet. */
  isOnlyOne(worker: PortalWorker): boolean;
  onClosed(worker: PortalWorker, error: SluiceError | undefined): void;
}

/** A connection that a bridge has opened. */
export class PortalWorker extends TimerEntry {
  readonly #plane: DataPlane;
  readonly #mux: MuxConnection;
  readonly #options: PortalWorkerOptions;
  #control: MuxPackets | undefined;
  /** It has carried enough: the bridge opens another. */
  draining = false;

  constructor(plane: DataPlane, carrier: Carrier, options: PortalWorkerOptions) {
    super();
    this.#plane = plane;
    this.#options = options;
    this.#mux = new MuxConnection(plane, carrier, {
      onClosed: (error) => {
        plane.timers.cancel(this);
        options.onClosed(this, error);
      },
    });
  }

  begin(): void {
    this.#mux.begin();
    this.#control = this.#mux.openPackets(controlTarget);
    this.onTimer();
  }

  get closed(): boolean {
    return this.#mux.closed;
  }

  get isFull(): boolean {
    return this.#mux.isFull;
  }

  /** Streams at present. */
  get load(): number {
    return this.#mux.size;
  }

  /** What is opened now would wait for others. */
  get isHeldUp(): boolean {
    return this.#mux.paused || this.#mux.blocked;
  }

  openConn(to: Destination): MuxConn {
    return this.#mux.openConn(to);
  }

  openPackets(to: Destination): MuxPackets {
    return this.#mux.openPackets(to);
  }

  close(error: SluiceError): void {
    this.#mux.close(error);
  }

  onTimer(): void {
    if (this.#mux.closed) return;
    if (this.draining) {
      if (this.#mux.size === 0 && (this.isFull || !this.#options.isOnlyOne(this))) {
        this.#mux.finish();
        return;
      }
      // Nothing else may be said for longer than what lies between the two sides takes for life.
      this.#mux.keepAlive();
    } else this.#beat();
    this.#plane.timers.schedule(this, HEARTBEAT_TICKS);
  }

  #beat(): void {
    this.draining = this.#mux.opened > MAX_OPENED;
    this.#control?.sendAnyhow(encodeControl(this.draining ? 'drain' : 'active'));
    if (this.draining) this.#control?.close();
  }
}
