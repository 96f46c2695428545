import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** Where the files are looked for if SLUICE_GEO_DATA says nothing: shared/data beside the project. */
const BESIDE = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** The folder in which V2Ray's published geosite.dat and geoip.dat are, if they are anywhere. */
const geoDataFolder = findFolder();

/** A suite that needs the published files, which are not part of the project; without them it is skipped by name. */
export function describeGeoData(name: string, suite: (folder: string) => void): void {
  if (geoDataFolder === undefined) {
    describe.skip(`${name} [skipped: geosite.dat and geoip.dat are not part of the project; see SLUICE_GEO_DATA]`, () =>
      suite(''));
  } else {
    const folder = geoDataFolder;
    describe(name, () => suite(folder));
  }
}

function findFolder(): string | undefined {
  const folder = resolve(process.env['SLUICE_GEO_DATA'] ?? BESIDE);
  return ['geosite.dat', 'geoip.dat'].every((file) => existsSync(join(folder, file))) ? folder : undefined;
}
