import { Buffer } from 'node:buffer';
import type { Link } from '@sluice/plugin-api';
import { Recipher } from '../codec.js';
import type { ClientLayer } from './client-layer.js';
import { backwardMaterial, forwardMaterial, keystreamOf, type Keystream } from './ctr.js';
import { DC_OFFSET, fillNoise, HEADER_LENGTH, TAG_OFFSET, tagOf } from './header.js';

/** What to send first to a data centre, and the keystreams of both directions after it. */
export interface DataCenterHeader {
  readonly header: Buffer;
  /** Positioned behind the header. */
  readonly up: Keystream;
  /** Absent where the data centre's bytes are already what the client expects. */
  readonly down: Keystream | undefined;
}

/**
 * A header like a client's own, with no secret mixed in.
 * @param fast derive the keys so that the data centre enciphers with the client's down key: then
 *   nothing has to be done to what it sends
 */
export function dataCenterHeader(client: Omit<ClientLayer, 'up'>, fast: boolean): DataCenterHeader {
  const header = Buffer.allocUnsafeSlow(HEADER_LENGTH);
  if (fast) {
    fillNoise(header, 8);
    // The way back uses these 48 bytes in reverse, so in reverse they go in.
    header.set(client.downMaterial, 8);
    forwardMaterial(header).reverse();
  } else {
    fillNoise(header, HEADER_LENGTH);
  }
  header.writeUInt32LE(tagOf(client.framing), TAG_OFFSET);
  header.writeInt16LE(client.dc, DC_OFFSET);
  const up = keystreamOf(forwardMaterial(header));
  const down = fast ? undefined : keystreamOf(backwardMaterial(header));
  // The whole header runs through the cipher, so that the payload starts at position 64.
  up.update(header).copy(header, TAG_OFFSET, TAG_OFFSET);
  return { header, up, down };
}

export interface DataCenterLayerOptions {
  /** See {@link dataCenterHeader}. */
  readonly fast: boolean;
  /** The client has sent more than its header already: ours then goes in one segment with that. */
  readonly payloadWaits: boolean;
}

/**
 * Speaks obfuscated2 on a link to a data centre. The client's own layer is dealt with here too, in
 * the same step: the client's link is relayed as it is.
 */
export function pushDataCenterLayer(link: Link, client: ClientLayer, options: DataCenterLayerOptions): void {
  const { header, up, down } = dataCenterHeader(client, options.fast);
  if (!options.payloadWaits) link.write(header);
  link.push({
    encode: options.payloadWaits ? new Recipher(client.up, up, header) : new Recipher(client.up, up),
    decode: down === undefined ? undefined : new Recipher(down, keystreamOf(client.downMaterial)),
  });
}
