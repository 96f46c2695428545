import type { Buffer } from 'node:buffer';
import type { Destination, PacketConn, PacketSink } from '@sluice/plugin-api';
import type { AddressChoice } from './address-choice.js';
import type { Redirect } from './redirect.js';

/** Names whose addresses a flow remembers; a flow that uses more resolves again. */
const MAX_NAMES = 64;
/** Packets that wait for a name; what comes on top is dropped, as a full socket buffer would. */
const MAX_WAITING = 64;

/** A packet conn whose packets go where the settings say; replies come from whoever sends them. */
export class FreedomPackets implements PacketConn {
  readonly #inner: PacketConn;
  readonly #redirect: Redirect | undefined;
  readonly #choice: AddressChoice | undefined;
  readonly #names = new Map<string, Promise<Destination>>();
  #waiting = 0;
  #closed = false;

  constructor(inner: PacketConn, redirect: Redirect | undefined, choice: AddressChoice | undefined) {
    this.#inner = inner;
    this.#redirect = redirect;
    this.#choice = choice;
  }

  attach(sink: PacketSink): void {
    this.#inner.attach(sink);
  }

  send(payload: Buffer, to: Destination): void {
    const target = this.#redirect?.apply(to) ?? to;
    if (this.#closed || target.type === 'unix') return;
    if (this.#choice === undefined || target.type !== 'domain') this.#inner.send(payload, target);
    else if (this.#waiting < MAX_WAITING) void this.#sendResolved(payload, target, this.#choice);
  }

  close(): void {
    this.#closed = true;
    this.#names.clear();
    this.#inner.close();
  }

  async #sendResolved(payload: Buffer, to: Destination, choice: AddressChoice): Promise<void> {
    this.#waiting += 1;
    try {
      const { type, host } = await this.#resolve(to, choice);
      if (!this.#closed) this.#inner.send(payload, { ...to, type, host });
    } catch {
      // The packet is lost; the next one asks again.
      this.#names.delete(to.host);
    } finally {
      this.#waiting -= 1;
    }
  }

  #resolve(to: Destination, choice: AddressChoice): Promise<Destination> {
    const known = this.#names.get(to.host);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    const found = choice.resolve(to).then(([first]) => first);
    this.#names.set(to.host, found);
    return found;
  }
}
