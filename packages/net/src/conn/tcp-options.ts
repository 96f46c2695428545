/** How dead peers of a connection are found; set by a handler on its link, obeyed by the relay. Times in ms. */
export interface TcpOptions {
  /** Silence before the first keep-alive probe. The system then sends ten, a second apart. Default 30 s. */
  readonly keepAlive?: number | undefined;
  /**
   * Bytes may wait for the peer for this long without it taking any; then the connection is cut off.
   * What RFC 5482 calls the user timeout: Node cannot set the system's (TCP_USER_TIMEOUT), so only
   * what the system's own send buffer has no room for counts as waiting. Default: no limit but the
   * idle one.
   */
  readonly userTimeout?: number | undefined;
}
