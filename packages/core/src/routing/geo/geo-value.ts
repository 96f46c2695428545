import { nearest } from '@sluice/config';
import { SluiceError, type AssetFiles } from '@sluice/plugin-api';
import { GeoFile } from './geo-file.js';
import { WireError, type Span } from './wire-reader.js';

/** A value such as "geosite:google@ads" or "ext:my.dat:tag", taken apart. */
export interface GeoValue {
  readonly file: string;
  readonly category: string;
}

/** What a rule's field takes from data files. */
export interface GeoPrefixes {
  /** "geosite" or "geoip": the prefix, and the file's name without its ending. */
  readonly own: string;
  /** The prefixes of files that are named in the value. */
  readonly external: readonly string[];
}

/** Undefined if the value has none of the prefixes. @returns what is wrong as a text */
export function parseGeoValue(value: string, { own, external }: GeoPrefixes): GeoValue | string | undefined {
  const colon = value.indexOf(':');
  const prefix = value.slice(0, Math.max(0, colon)).toLowerCase();
  const rest = value.slice(colon + 1).trim();
  if (prefix === own) {
    return rest === '' ? `"${prefix}:" must be followed by a category` : { file: `${own}.dat`, category: rest };
  }
  if (!external.includes(prefix)) return undefined;
  const [file, category, ...more] = rest.split(':').map((part) => part.trim());
  if (!file || !category || more.length > 0) return `write "${prefix}:FILE:CATEGORY"`;
  return { file, category };
}

/**
 * What `read` makes of a category's members.
 * @throws SluiceError E_CONFIG_INVALID if the file or the category is missing or broken
 */
export function readCategory<T>(
  { file, category }: GeoValue,
  assets: AssetFiles,
  read: (bytes: Uint8Array, members: Iterable<Span>) => T,
): T {
  const bytes = assets.read(file);
  try {
    const data = GeoFile.of(bytes);
    const members = data.members(category);
    if (members === undefined) {
      const meant = didYouMean(category, data.names);
      throw new SluiceError('E_CONFIG_INVALID', `${file} has no category "${category.slice(0, 64)}"${meant}`);
    }
    return read(bytes, members);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new SluiceError('E_CONFIG_INVALID', `${file} is not a geo data file of this kind: ${error.message}`);
  }
}

export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
