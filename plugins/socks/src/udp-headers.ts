import type { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { formatUdpHeader } from './codec.js';

/** Peers that a flow remembers the header of; most flows have one or a few. */
const MAX_REMEMBERED = 32;

/** Formats UDP headers, once for each peer instead of once for each packet. */
export class UdpHeaders {
  readonly #known = new Map<string, Buffer | null>();

  /** The header, or null if the host cannot stand in one. */
  of(host: string, port: number): Buffer | null {
    const key = `${host} ${port}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const header = format(host, port);
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(key, header);
    return header;
  }
}

function format(host: string, port: number): Buffer | null {
  try {
    return formatUdpHeader(host, port);
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}
