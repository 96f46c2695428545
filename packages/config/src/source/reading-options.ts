export interface ReadingOptions {
  /** Reads by the complete reader of the format alone. Default false: plain texts are read in a quicker way. */
  readonly isComplete?: boolean;
  /** Is called if the text has nothing in it that is read in another way than it is written: no aliases, no key twice. */
  readonly onPlain?: () => void;
}
