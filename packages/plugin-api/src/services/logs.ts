/** How much a line matters; V2Ray's names. */
export type LogSeverity = 'debug' | 'info' | 'warning' | 'error';

/** A line of the instance's log, as it is written. */
export interface LogEvent {
  readonly severity: LogSeverity;
  /** With the handler's tag in front; printable, without a time. */
  readonly text: string;
}

/** The instance's logs as a whole. */
export interface LogFeed {
  /**
   * Calls with every line of this severity and worse, also with those that the configuration does
   * not write. The listener must not throw.
   * @returns ends it
   */
  subscribe(severity: LogSeverity, listener: (event: LogEvent) => void): () => void;
  /** Opens log files anew, as after their rotation. @throws SluiceError E_START_FAILED */
  reopen(): Promise<void>;
}
