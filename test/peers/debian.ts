export { ensureDebianPackages, findBinary, mayInstall, missingPeers, peers } from '../../scripts/peers.mjs';
export type { Peer, PeerName } from '../../scripts/peers.mjs';
