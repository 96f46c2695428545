/** A vitest set-up file: the seed of all fast-check properties, which vitest.config.ts chooses. */
import { env } from 'node:process';
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(env.SLUICE_TEST_SEED) });
