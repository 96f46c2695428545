import type { Health } from '@sluice/plugin-api';

/** The candidates without those that a probe has found dead; one that nobody probes counts as alive. */
export function living(candidates: readonly string[], health: Health): readonly string[] {
  for (const [index, tag] of candidates.entries()) {
    if (health.of(tag)?.alive !== false) continue;
    // Something is dead: only then a list is made.
    const rest = candidates.slice(index + 1).filter((other) => health.of(other)?.alive !== false);
    return [...candidates.slice(0, index), ...rest];
  }
  return candidates;
}
