/** V2Ray's policy timeouts, in ms. */
export interface RelayTimeouts {
  /** Without a byte in either direction for this long, the connection is closed. */
  readonly connIdle: number;
  /** The same, once the upstream has ended its direction. */
  readonly uplinkOnly: number;
  /** The same, once the client has ended its direction. */
  readonly downlinkOnly: number;
}

/** The shorter of each; a link without wishes of its own costs nothing. */
export function shorterTimeouts(a: RelayTimeouts, b: RelayTimeouts | undefined): RelayTimeouts {
  if (b === undefined) return a;
  return {
    connIdle: Math.min(a.connIdle, b.connIdle),
    uplinkOnly: Math.min(a.uplinkOnly, b.uplinkOnly),
    downlinkOnly: Math.min(a.downlinkOnly, b.downlinkOnly),
  };
}
