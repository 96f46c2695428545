export { findBinary, missingPeers, peers } from '../../scripts/peers.mjs';
export type { PeerName } from '../../scripts/peers.mjs';
