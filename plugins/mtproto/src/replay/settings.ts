import { resolve } from 'node:path';
import { Type, type ProblemReporter, type Static } from '@sluice/plugin-api';
import { ENTRY_MEMORY } from './replay-table.js';

const DEFAULT_ENTRIES = 100_000;
export const MAX_ENTRIES = 10_000_000;
const DEFAULT_SECONDS = 86_400;

/** The `replay` of an inbound's settings. */
export const replaySchema = Type.Object(
  {
    entries: Type.Optional(
      Type.Integer({
        minimum: 1000,
        maximum: MAX_ENTRIES,
        default: DEFAULT_ENTRIES,
        unit: 'handshakes',
        description: `How many handshakes are remembered at most: ${ENTRY_MEMORY} bytes of memory each. When more come within \`seconds\`, the oldest are forgotten early, counted as \`inbound>>>TAG>>>replay>>>displaced\`, and the log says how many entries would do. Default 100000.`,
      }),
    ),
    seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000,
        default: DEFAULT_SECONDS,
        unit: 'seconds',
        description:
          'For how many seconds a handshake is remembered. Must be more than twice `tls.timeWindow`. The time that a client states does not limit how long a recording is of use: whoever has it can change that. So the longer, the better, as far as `entries` reach. Default 86400, a day.',
      }),
    ),
    stateFile: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4096,
        examples: ['/var/lib/sluice/replay.bin'],
        description:
          'A file that keeps what is remembered across restarts: the path, relative to the working directory. It is written at most every 30 seconds (20 bytes for each handshake) and when the program ends, and replaced as a whole; a missing folder is made. Each inbound needs a file of its own. Default: none, and what was recorded before a restart is let in once more after it.',
      }),
    ),
  },
  {
    description:
      "How recorded handshakes are found out when somebody sends them again to see whether this is a proxy. What is sent a second time is treated as a stranger's. Default {}.",
  },
);

export type ReplaySettings = Static<typeof replaySchema>;

/** What holds for settings. @param timeWindow of fake TLS, in seconds either way */
export function replayLimits(
  { entries = DEFAULT_ENTRIES, seconds }: ReplaySettings,
  timeWindow: number,
): { readonly entries: number; readonly seconds: number } {
  return { entries, seconds: seconds ?? Math.max(DEFAULT_SECONDS, 2 * timeWindow + 1) };
}

/**
 * For the inbound's `check`. @param timeWindow of fake TLS, in seconds either way
 * @param otherFiles state files of the same inbound, by the name of their setting
 */
export function checkReplay(
  settings: ReplaySettings,
  timeWindow: number,
  problems: ProblemReporter,
  otherFiles: Readonly<Record<string, string | undefined>> = {},
): void {
  const { seconds, stateFile } = settings;
  if (seconds !== undefined && seconds <= 2 * timeWindow) {
    problems.error(
      ['replay', 'seconds'],
      `must be more than ${2 * timeWindow}, twice the "tls.timeWindow": a TLS hello would be forgotten while it is still good`,
    );
  }
  for (const [name, path] of Object.entries(otherFiles)) {
    if (stateFile !== undefined && path !== undefined && resolve(path) === resolve(stateFile)) {
      problems.error(['replay', 'stateFile'], `the same file as "${name}": each needs one of its own`);
    }
  }
}
