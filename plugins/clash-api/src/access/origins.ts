/**
 * Where the known dashboards are published by their authors. Their pages are let in by default only where a secret is
 * set, so that whoever should take over one of these sites still has to know it.
 */
const DASHBOARD_ORIGINS: readonly string[] = [
  'https://metacubex.github.io',
  'https://metacubexd.pages.dev',
  'http://board.zash.run.place',
  'https://board.zash.run.place',
  'http://yacd.haishan.me',
  'https://yacd.haishan.me',
  'http://yacd.metacubex.one',
  'https://yacd.metacubex.one',
];

/** "https://board.example" in the form that browsers send; undefined if it is none. */
export function normalOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isBare = (url.pathname === '/' || url.pathname === '') && url.search === '' && url.hash === '';
  return isBare && url.origin !== 'null' && url.username === '' ? url.origin : undefined;
}

/** Whose pages may use the API, beside those that it serves itself. */
export class Origins {
  readonly #any: boolean;
  readonly #allowed: ReadonlySet<string>;
  /** Hosts of the allowed origins: a proxy in front may pass them on as ours. */
  readonly hosts: ReadonlySet<string>;

  constructor(configured: readonly string[] | undefined, hasSecret: boolean) {
    const list = configured ?? (hasSecret ? DASHBOARD_ORIGINS : []);
    this.#any = list.includes('*');
    const origins = list.map(normalOrigin).filter((origin) => origin !== undefined);
    this.#allowed = new Set(origins);
    this.hosts = new Set(configured === undefined ? [] : origins.map((origin) => new URL(origin).hostname));
  }

  /** @param host the request's own Host header */
  allows(origin: string, host: string): boolean {
    return this.#any || origin === `http://${host}` || origin === `https://${host}` || this.#allowed.has(origin);
  }
}
