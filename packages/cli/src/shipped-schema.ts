import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PATH = 'schema/sluice.schema.json';

/** The schema of configurations that ships with this version. */
const shipped = fileURLToPath(new URL(`../${PATH}`, import.meta.url));

/**
 * How a file in that folder names the schema that ships: where Sluice is installed for the folder by a path, which goes
 * on being right when it is updated or the folder moves; else by a file: URL.
 * @param folder absolute
 */
export function schemaReference(folder: string): string {
  for (let above = folder; ; above = dirname(above)) {
    const candidate = join(above, 'node_modules/sluice', PATH);
    if (existsSync(candidate) && realpathSync(candidate) === realpathSync(shipped)) {
      const path = relative(folder, candidate).split(sep).join('/');
      return path.startsWith('.') ? path : `./${path}`;
    }
    if (dirname(above) === above) return pathToFileURL(shipped).href;
  }
}
