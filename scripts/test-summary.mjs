import { writeFileSync } from 'node:fs';
import { env } from 'node:process';

const LONG_MS = 120_000;

/**
 * A vitest reporter that says which seed the property tests have, and writes counts and the names of skipped tests, as
 * JSON, to the file that SLUICE_TEST_SUMMARY names. A file that fails outside its tests (it does not load, its set-up
 * throws) counts as one failed test.
 */
export default class TestSummary {
  #running = new Map();
  #timer;

  onInit() {
    console.log(`property tests: SLUICE_TEST_SEED=${env.SLUICE_TEST_SEED}\n`);
    this.#timer = setInterval(() => this.#sayWhatRuns(), LONG_MS).unref();
  }

  onTestModuleQueued({ relativeModuleId }) {
    this.#running.set(relativeModuleId, Date.now());
  }

  onTestModuleEnd({ relativeModuleId }) {
    this.#running.delete(relativeModuleId);
  }

  /** So that a run that is ended from outside has said what it waited for. */
  #sayWhatRuns() {
    for (const [name, since] of this.#running) {
      const ms = Date.now() - since;
      if (ms >= LONG_MS) console.log(`still running after ${Math.round(ms / 1000)} s: ${name}`);
    }
  }

  onTestRunEnd(modules) {
    clearInterval(this.#timer);
    const summary = { passed: 0, failed: 0, skipped: [] };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') summary.passed += 1;
        else if (state === 'failed') failedTests += 1;
        else summary.skipped.push(`${module.relativeModuleId}: ${test.fullName}`);
      }
      summary.failed += module.ok() ? failedTests : Math.max(failedTests, 1);
    }
    if (env.SLUICE_TEST_SUMMARY) writeFileSync(env.SLUICE_TEST_SUMMARY, JSON.stringify(summary));
  }
}
