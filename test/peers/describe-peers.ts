import { describe, it } from 'vitest';
import { missingPeers, peers, type PeerName } from './debian.js';

/**
 * A suite that needs real programs. Where one is missing the suite is skipped under a name that says which; with CI set
 * it fails instead, so that no run on a build machine passes by leaving tests out.
 */
export function describePeers(name: string, needed: readonly PeerName[], suite: () => void): void {
  const missing = missingPeers(needed);
  if (missing.length === 0) {
    describe(name, suite);
    return;
  }
  const wanted = missing.map((peer) => `${peer} (Debian package ${peers[peer].package})`).join(', ');
  if (isOnCi()) {
    describe(name, () => {
      it(`finds ${wanted}`, () => {
        throw new Error(`missing: ${wanted}`);
      });
    });
  } else {
    describe.skip(`${name} [skipped, missing: ${wanted}]`, suite);
  }
}

function isOnCi(): boolean {
  return ['true', '1'].includes(process.env['CI'] ?? '');
}
