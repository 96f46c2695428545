import type { Buffer } from 'node:buffer';
import type { Destination, Endpoint } from '@sluice/plugin-api';
import type { ClientLayer } from '../obfuscation/client-layer.js';

/** A way to a data centre through Telegram's middle proxies, which show the users what the tag promotes. */
export interface MiddleProxyTarget {
  /** The middle proxy that the session is bound for. */
  readonly preferred: Destination;
  /** Others for the same data centre. */
  readonly alternatives: readonly Destination[];
  /** What the middle proxies of this list know. */
  readonly secret: Buffer;
  /** 16 bytes. */
  readonly adTag: Buffer | undefined;
  /** The IP address under which middle proxies and clients see this machine, if it is not its own. */
  readonly natAddress: string | undefined;
  /** Changes with whatever makes connections differ beside the address. */
  readonly poolKey: string;
  /** A middle proxy that fails is not offered for a while. */
  failed(address: Destination): void;
  worked(address: Destination): void;
}

/** Whose connection is led through a middle proxy. */
export interface MiddleProxyClient {
  readonly layer: ClientLayer;
  readonly source: Endpoint;
  /** Where the client connected to. */
  readonly local: Endpoint;
}
