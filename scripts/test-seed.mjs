/**
 * A vitest set-up file: the seed of all fast-check properties, which vitest.config.ts chooses, and a limit to the search
 * for a smaller example of a failure: it may go on for hours, and where it is synchronous no test's time limit ends it.
 */
import { env } from 'node:process';
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(env.SLUICE_TEST_SEED), interruptAfterTimeLimit: 15_000 });
