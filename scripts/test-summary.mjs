import { writeFileSync } from 'node:fs';
import { env } from 'node:process';

/**
 * A vitest reporter that says which seed the property tests have, and writes counts and the names of skipped tests, as
 * JSON, to the file that SLUICE_TEST_SUMMARY names. A file that fails outside its tests (it does not load, its set-up
 * throws) counts as one failed test.
 */
export default class TestSummary {
  onInit() {
    console.log(`property tests: SLUICE_TEST_SEED=${env.SLUICE_TEST_SEED}\n`);
  }

  onTestRunEnd(modules) {
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
