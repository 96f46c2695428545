/** The configuration as a command sees it: validated entries, one per configured inbound and outbound. */
export interface CommandConfig {
  /** In the order of the configuration. */
  readonly inbounds: readonly {
    readonly tag: string;
    readonly protocol: string;
    readonly listen: string;
    /** The first port of the configured range. */
    readonly port: number;
    readonly settings: unknown;
  }[];
  /** The first one is the default. */
  readonly outbounds: readonly {
    readonly tag: string;
    readonly protocol: string;
    /** The tag of the outbound that it dials through. */
    readonly via?: string | undefined;
    /** Whether connections can be led to it directly: it is the default, or a rule names it. */
    readonly isRouted: boolean;
  }[];
}

/** One run of a command. */
export interface CommandInvocation {
  /** What was typed beside the options. */
  readonly args: readonly string[];
  /** By camel-cased long name: `--server-name` is `serverName`. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Whether standard output is a terminal, which shows colours; otherwise it is a file or a pipe. */
  readonly isTerminal: boolean;
  /** Reads and validates; prints diagnostics itself. @throws SluiceError E_CONFIG_INVALID, E_CONFIG_READ */
  readonly loadConfig: (files: readonly string[]) => Promise<CommandConfig>;
}

/** A command `sluice <plugin> <name>`. */
export interface CommandContribution {
  /** Lower-case, without blanks. */
  readonly name: string;
  /** One sentence for the help. */
  readonly summary: string;
  /** In commander's notation: "-c, --config <file...>". */
  readonly options?: readonly { readonly flags: string; readonly description: string; readonly required?: boolean }[];
  /** @returns the exit code @throws SluiceError */
  run(invocation: CommandInvocation): number | Promise<number>;
}
