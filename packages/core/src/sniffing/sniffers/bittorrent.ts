import type { Buffer } from 'node:buffer';
import type { SnifferContribution, SniffVerdict } from '@sluice/plugin-api';

const bittorrent = { protocol: 'bittorrent' } as const;

/** A length and a name (BEP 3), sent by the one who connects. */
const handshake = '\x13BitTorrent protocol';
/** Protocol id and action "connect" of UDP trackers (BEP 15), with a transaction id behind. */
const trackerConnect = '0000041727101980' + '00000000';

/**
 * BitTorrent in clear: its handshake; over UDP the first packet of a uTP connection, a query or an answer of the DHT, a
 * tracker's connect request. What clients encrypt has no marks.
 */
export const bittorrentSniffer: SnifferContribution = {
  description: 'BitTorrent by its handshake; over UDP also uTP, the DHT and trackers.',
  networks: ['tcp', 'udp'],
  sniff: ([heard], network) => {
    if (heard === undefined) return 'more';
    return network === 'tcp' ? sniffStream(heard) : sniffPacket(heard);
  },
};

function sniffStream(heard: Buffer): SniffVerdict {
  const start = heard.toString('latin1', 0, handshake.length);
  if (!handshake.startsWith(start)) return 'no';
  return start.length < handshake.length ? 'more' : bittorrent;
}

function sniffPacket(packet: Buffer): SniffVerdict {
  return isUtpSyn(packet) || isDhtMessage(packet) || isTrackerConnect(packet) ? bittorrent : 'no';
}

/**
 * The SYN by which uTP connections begin (BEP 29). Other packets of uTP have so little in them that is fixed that games,
 * WireGuard and media would be taken for it.
 */
function isUtpSyn(packet: Buffer): boolean {
  const headerLength = 20;
  // Type 4, version 1; a peer not heard yet: no time difference to it, nothing acknowledged.
  if (packet.length < headerLength || packet[0] !== 0x41) return false;
  if (packet.readUInt32BE(8) !== 0 || packet.readUInt16BE(18) !== 0) return false;
  // TURN's channel 0x41xx (RFC 8656 12.4) has the length of its data, perhaps padded, where uTP has a random number.
  const padding = packet.length - 4 - packet.readUInt16BE(2);
  if (padding >= 0 && padding < 4) return false;
  let at = headerLength;
  for (let extension = packet[1]; extension !== 0;) {
    const length = packet[at + 1];
    if (length === undefined || !isUtpExtension(extension, length)) return false;
    extension = packet[at];
    at += 2 + length;
  }
  return at === packet.length;
}

/** Selective acknowledgement, extension bits, close reason. */
function isUtpExtension(type: number | undefined, length: number): boolean {
  if (type === 1) return length >= 4 && length % 4 === 0;
  return (type === 2 && length === 8) || (type === 3 && length === 4);
}

/** A query or an answer (BEP 5), by how their bencoded dictionaries begin and end. */
function isDhtMessage(packet: Buffer): boolean {
  if (packet[0] !== 0x64 || packet[packet.length - 1] !== 0x65) return false;
  // Before the usual first keys there may be "bs" (libtorrent, while it starts) and "ip", the asker's address (BEP 42).
  const start = /^d(?:1:ad(?:2:bsi1e)?2:id20:|(?:2:ip(?:6:[^]{6}|18:[^]{18}))?1:rd2:id20:)/;
  if (!start.test(packet.toString('latin1', 0, 48))) return false;
  return packet.includes('1:y1:q', 12, 'latin1') || packet.includes('1:y1:r', 12, 'latin1');
}

function isTrackerConnect(packet: Buffer): boolean {
  return packet.length === 16 && packet.toString('hex', 0, 12) === trackerConnect;
}
