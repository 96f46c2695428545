export interface DelayEntry {
  /** As of Date.now(). */
  readonly at: number;
  /** In ms; 0 if the test failed. */
  readonly delay: number;
}

/** As many as Clash keeps. */
const MAX_ENTRIES = 10;
/** Clients choose the URLs, so there must be an end to them. */
const MAX_URLS = 8;

/** The last delay tests of each outbound, by the URL that was asked for. */
export class DelayHistory {
  readonly #outbounds = new Map<string, Map<string, DelayEntry[]>>();

  record(outboundTag: string, url: string, entry: DelayEntry): void {
    let urls = this.#outbounds.get(outboundTag);
    if (urls === undefined) this.#outbounds.set(outboundTag, (urls = new Map<string, DelayEntry[]>()));
    const entries = [...(urls.get(url) ?? []), entry].slice(-MAX_ENTRIES);
    // Set anew, so that the least recently tested URL is the first one.
    urls.delete(url);
    urls.set(url, entries);
    const oldest = urls.keys().next();
    if (urls.size > MAX_URLS && oldest.done !== true) urls.delete(oldest.value);
  }

  of(outboundTag: string): ReadonlyMap<string, readonly DelayEntry[]> {
    return this.#outbounds.get(outboundTag) ?? new Map<string, DelayEntry[]>();
  }

  /** Forgets outbounds that there are no longer. */
  keepOnly(outboundTags: ReadonlySet<string>): void {
    for (const tag of this.#outbounds.keys()) if (!outboundTags.has(tag)) this.#outbounds.delete(tag);
  }
}
