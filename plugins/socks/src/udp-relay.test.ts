import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import type { Endpoint, InboundPacket, PacketDispatcher } from '@sluice/plugin-api';
import { formatUdpHeader } from './codec.js';
import { UdpRelay } from './udp-relay.js';

const local = { address: '127.0.0.1', port: 1080 };
const source = { address: '10.0.0.1', port: 4000 };

/** Keeps what it is told. */
class Recorder implements PacketDispatcher {
  readonly sent: { packet: InboundPacket; reply: (payload: Buffer, from: Endpoint) => void }[] = [];
  readonly released: Endpoint[] = [];

  send(packet: InboundPacket, reply: (payload: Buffer, from: Endpoint) => void): void {
    this.sent.push({ packet, reply });
  }

  release(endpoint: Endpoint): void {
    this.released.push(endpoint);
  }
}

describe('UdpRelay', () => {
  it('hands packets on with their user, and replies until the association ends', () => {
    const packets = new Recorder();
    const relay = new UdpRelay(packets, true);
    const user = { email: 'ann', level: 2 };
    const association = relay.open(source.address, 0, user);
    const replies: Buffer[] = [];
    relay.packet(Buffer.concat([formatUdpHeader('a.io', 53), Buffer.from('hi')]), source, local, (payload) =>
      replies.push(payload),
    );
    const [first] = packets.sent;
    expect(first?.packet).toEqual({
      source,
      local,
      user,
      payload: Buffer.from('hi'),
      to: { network: 'udp', type: 'domain', host: 'a.io', port: 53 },
    });
    first?.reply(Buffer.from('yo'), { address: '192.0.2.1', port: 53 });
    // A peer without an address that SOCKS can name costs its packet, and nothing else.
    first?.reply(Buffer.from('??'), { address: '', port: 53 });
    expect(replies).toEqual([Buffer.concat([formatUdpHeader('192.0.2.1', 53), Buffer.from('yo')])]);
    expect(packets.released).toEqual([]);
    relay.close(association);
    expect(packets.released).toEqual([source]);
    first?.reply(Buffer.from('late'), { address: '192.0.2.1', port: 53 });
    expect(replies).toHaveLength(1);
    expect(relay.associations).toBe(0);
  });

  it('releases nothing for an association that never sent', () => {
    const packets = new Recorder();
    const relay = new UdpRelay(packets, false);
    relay.close(relay.open(source.address, 0, undefined));
    expect(packets.released).toEqual([]);
  });
});
