import type { Buffer } from 'node:buffer';
import type { Sniffed, SnifferContribution, SniffVerdict } from '@sluice/plugin-api';
import { handshakeLength, isHelloStart, readHello } from './client-hello.js';
import { cryptoLimit, CryptoStream } from './crypto-stream.js';
import { clientInitialKeys, type PacketKeys } from './quic-keys.js';
import { openPacket, readLongPackets, type LongPacket } from './quic-packet.js';

/** Datagrams looked at, and Initial packets in them. A client's hello takes one to three. */
const packetLimit = 10;

const nameless: Sniffed = { protocol: 'quic' };

/** QUIC version 1 (RFC 9000), 2 (RFC 9369) and draft 29: the server name of the hello in a client's Initial packets. */
export const quicSniffer: SnifferContribution = {
  description: "QUIC by its client's Initial packets, with the server name of the hello in them.",
  networks: ['udp'],
  sniff,
};

function sniff(heard: readonly Buffer[]): SniffVerdict {
  const opener = new PacketOpener();
  const stream = new CryptoStream();
  for (const datagram of heard.slice(0, packetLimit)) {
    for (const packet of readLongPackets(datagram, packetLimit)) {
      if (!packet.isInitial) continue;
      if (opener.tried === packetLimit) return nameless;
      const frames = opener.open(packet);
      if (frames !== undefined) stream.addFrames(frames);
    }
    if (!opener.hasOpened) return 'no';
    const verdict = readStream(stream);
    if (verdict !== 'more') return verdict;
  }
  return heard.length < packetLimit ? 'more' : nameless;
}

/** What opened with the right keys is QUIC, also where the hello in it cannot be read. */
function readStream(stream: CryptoStream): Sniffed | 'more' {
  const bytes = stream.beginning();
  if (bytes.length > 0 && !isHelloStart(bytes)) return nameless;
  const length = handshakeLength(bytes);
  if (length !== undefined && bytes.length >= length) {
    return { protocol: 'quic', domain: readHello(bytes.subarray(0, length))?.serverName };
  }
  return stream.overflowed || (length ?? 0) > cryptoLimit ? nameless : 'more';
}

/**
 * Opens a client's Initial packets: by the keys of its first connection id also those with the id that the server then
 * gave it; after a Retry by the keys of another (RFC 9001 5.2).
 */
class PacketOpener {
  /** How many packets it was given. */
  tried = 0;
  #keys: PacketKeys | undefined;

  get hasOpened(): boolean {
    return this.#keys !== undefined;
  }

  open(packet: LongPacket): Buffer | undefined {
    this.tried += 1;
    const frames = this.#keys && openPacket(packet, this.#keys);
    if (frames !== undefined) return frames;
    const keys = clientInitialKeys(packet.version, packet.connectionId);
    const otherFrames = openPacket(packet, keys);
    if (otherFrames !== undefined) this.#keys = keys;
    return otherFrames;
  }
}
