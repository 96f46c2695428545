import type list from '../test/peers/peers.json';

export type PeerName = keyof typeof list;

export interface Peer {
  /** A program's name, or its absolute path. */
  readonly binary: string;
  /** For a library: the file that proves it is installed. */
  readonly file?: string;
  /** The Debian package. */
  readonly package: string;
}

export declare const peers: Readonly<Record<PeerName, Peer>>;

export declare function findBinary(name: string): string | undefined;

export declare function missingPeers(names?: readonly PeerName[]): PeerName[];

export declare function mayInstall(): boolean;

export declare function ensureDebianPackages(names?: readonly PeerName[]): PeerName[];
