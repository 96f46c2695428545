import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe } from 'vitest';

/** The folder that SLUICE_GEO_DATA names, if V2Ray's published geosite.dat and geoip.dat are in it. */
const geoDataFolder = findFolder();

/** A suite that needs the published files, which are not part of the project; without them it is skipped by name. */
export function describeGeoData(name: string, suite: (folder: string) => void): void {
  if (geoDataFolder === undefined) {
    describe.skip(`${name} [skipped, missing: geosite.dat and geoip.dat in the folder that SLUICE_GEO_DATA names]`, () =>
      suite(''));
  } else {
    const folder = geoDataFolder;
    describe(name, () => suite(folder));
  }
}

function findFolder(): string | undefined {
  const named = process.env['SLUICE_GEO_DATA'];
  if (!named) return undefined;
  const folder = resolve(named);
  return ['geosite.dat', 'geoip.dat'].every((file) => existsSync(join(folder, file))) ? folder : undefined;
}
