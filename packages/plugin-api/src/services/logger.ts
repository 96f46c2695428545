/** Facts of a log line; never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A log with the handler's tag on every line. */
export interface Logger {
  /** For whoever looks for a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What happens in the ordinary way. */
  info(message: string, fields?: LogFields): void;
  /** Something is not as it should be, and work goes on. */
  warn(message: string, fields?: LogFields): void;
  /** Something does not work. */
  error(message: string, fields?: LogFields): void;
  /** Whether debug lines are written: ask before composing an expensive one. */
  readonly debugEnabled: boolean;
}
