export interface ReadingOptions {
  /** Reads by the complete reader of the format alone. Default false: plain texts are read in a quicker way. */
  readonly isComplete?: boolean;
}
