/**
 * A vitest set-up file: ends a test process whose event loop has stood still for two minutes, and says where it stands.
 * Time limits of tests cannot fire there, and without this a run would never end.
 */
import { env, pid } from 'node:process';
import { Worker } from 'node:worker_threads';

const limitMs = Number(env.SLUICE_TEST_STALL_MS) || 120_000;
const turns = new Int32Array(new SharedArrayBuffer(4));
setInterval(() => Atomics.add(turns, 0, 1), limitMs / 20).unref();
new Worker(new URL('test-watch-thread.mjs', import.meta.url), { workerData: { turns, limitMs, pid } }).unref();
