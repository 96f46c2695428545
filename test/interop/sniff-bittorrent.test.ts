import { afterEach, beforeEach, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { withLibtorrent } from '../peers/libtorrent.js';
import { coreSniffer, SilentPort, verdictsOnTheWay } from './first-words.fixture.js';

const sniffer = coreSniffer('bittorrent');
const bittorrent = { protocol: 'bittorrent' };

describePeers('what libtorrent says first', ['libtorrent'], () => {
  let port: SilentPort;
  beforeEach(async () => {
    port = await SilentPort.open();
  });
  afterEach(() => port.close());

  it('to a peer, over TCP', async () => {
    const { heard, verdict } = await withLibtorrent(port.port, 'tcp', () => port.stream(sniffer));
    expect(verdict).toEqual(bittorrent);
    expect(verdictsOnTheWay(sniffer, heard[0]!)).toEqual(['more', bittorrent]);
  });

  it.each(['utp', 'dht', 'tracker'] as const)('over UDP: %s', async (protocol) => {
    const { heard, verdict } = await withLibtorrent(port.port, protocol, () => port.flow(sniffer));
    expect(heard).toHaveLength(1);
    expect(verdict).toEqual(bittorrent);
  });
});
