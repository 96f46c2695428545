import { WireReader, type Span } from './wire-reader.js';

/** Files that were looked through already; an entry goes with its file. */
const known = new WeakMap<Uint8Array, GeoFile>();

/**
 * The categories of a GeoSiteList or GeoIPList: both are entries (field 1) with a name (field 1)
 * and members (field 2). Finds where each one is without looking into it.
 */
export class GeoFile {
  readonly #categories = new Map<string, Span>();

  private constructor(readonly bytes: Uint8Array) {
    const list = new WireReader(bytes);
    for (let field = list.next(); field !== 0; field = list.next()) {
      if (field !== 1) {
        list.skip();
        continue;
      }
      const span = list.span();
      const name = nameOf(bytes, span).toLowerCase();
      // Of two of one name V2Ray takes the first.
      if (!this.#categories.has(name)) this.#categories.set(name, span);
    }
  }

  /** @throws WireError */
  static of(bytes: Uint8Array): GeoFile {
    let file = known.get(bytes);
    if (file === undefined) known.set(bytes, (file = new GeoFile(bytes)));
    return file;
  }

  /** Lower-case. */
  get names(): Iterable<string> {
    return this.#categories.keys();
  }

  /** The members of a category, to be read one by one; undefined if there is none of this name, in any case. */
  members(name: string): Iterable<Span> | undefined {
    const span = this.#categories.get(name.toLowerCase());
    return span === undefined ? undefined : membersOf(this.bytes, span);
  }
}

function nameOf(bytes: Uint8Array, span: Span): string {
  const entry = new WireReader(bytes, span);
  for (let field = entry.next(); field !== 0; field = entry.next()) {
    if (field === 1) return entry.text();
    entry.skip();
  }
  return '';
}

function* membersOf(bytes: Uint8Array, span: Span): Iterable<Span> {
  const entry = new WireReader(bytes, span);
  for (let field = entry.next(); field !== 0; field = entry.next()) {
    if (field === 2) yield entry.span();
    else entry.skip();
  }
}
