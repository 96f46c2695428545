import type { Buffer } from 'node:buffer';
import { toSluiceError, type Logger } from '@sluice/plugin-api';
import type { AddressFamily } from '../../data-centers/address-family.js';
import {
  DEFAULT_CONFIG_URL,
  DEFAULT_CONFIG_URL_V6,
  DEFAULT_REFRESH,
  DEFAULT_SECRET_URL,
  type MiddleProxySettings,
} from '../settings.js';
import { CacheFolder } from './cache-folder.js';
import { Directory } from './directory.js';
import { fetchDocument, type FetchOptions } from './fetch.js';
import { MAX_CONFIG_LENGTH, parseProxyConfig, type ProxyConfig } from './proxy-config.js';
import { checkProxySecret, MAX_SECRET_LENGTH } from './proxy-secret.js';
import { TrackedDocument } from './tracked-document.js';

export interface ListSourceOptions extends Pick<FetchOptions, 'connect' | 'authorities'> {
  readonly settings: MiddleProxySettings;
  readonly addressFamily: AddressFamily;
  readonly logger: Logger;
}

/** A fetch may take so long, in ms. */
const TIME_LIMIT = 20_000;

const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/** Part of a wait that is left to chance, so that many instances do not come at once. */
const JITTER = 0.1;

/** Fetches the middle proxies' secret and lists, keeps them on disk, and does so again from time to time. */
export class ListSource {
  readonly #options: ListSourceOptions;
  readonly #secret: TrackedDocument<Buffer>;
  /** The preferred address family first. */
  readonly #configs: readonly TrackedDocument<ProxyConfig>[];
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #rests = false;
  /** Fetches again; undefined until the first fetch. */
  #again: (() => void) | undefined;

  constructor(options: ListSourceOptions) {
    const { settings, addressFamily } = options;
    this.#options = options;
    this.#secret = new TrackedDocument({
      name: 'proxy-secret',
      url: settings.secretUrl ?? DEFAULT_SECRET_URL,
      maxBytes: MAX_SECRET_LENGTH,
      parse: checkProxySecret,
    });
    const v4 = configDocument('proxy-config', settings.configUrl ?? DEFAULT_CONFIG_URL);
    const v6 = configDocument('proxy-config-v6', settings.configUrlV6 ?? DEFAULT_CONFIG_URL_V6);
    const byFamily = {
      'prefer-ipv4': [v4, v6],
      'prefer-ipv6': [v6, v4],
      'only-ipv4': [v4],
      'only-ipv6': [v6],
    };
    this.#configs = byFamily[addressFamily];
  }

  /** @param onDirectory called whenever something has changed */
  start(onDirectory: (directory: Directory) => void): void {
    void this.#start(onDirectory);
  }

  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
  }

  /** Fetches no more until {@link resume}: others do. */
  rest(): void {
    this.#rests = true;
    clearTimeout(this.#timer);
  }

  resume(): void {
    if (!this.#rests || this.#closing.signal.aborted) return;
    this.#rests = false;
    this.#again?.();
  }

  get #documents(): readonly TrackedDocument<Buffer | ProxyConfig>[] {
    return [this.#secret, ...this.#configs];
  }

  async #start(onDirectory: (directory: Directory) => void): Promise<void> {
    const { cacheFolder } = this.#options.settings;
    const cache = cacheFolder === undefined ? undefined : new CacheFolder(cacheFolder);
    if (cache !== undefined) {
      for (const document of this.#documents) await this.#load(document, cache);
      this.#publish(onDirectory);
    }
    await this.#refresh(onDirectory, cache);
  }

  async #load(document: TrackedDocument<Buffer | ProxyConfig>, cache: CacheFolder): Promise<void> {
    try {
      const content = await cache.read(document.name, document.maxBytes);
      if (content === undefined) return;
      document.take(content);
      document.cached = true;
    } catch (error) {
      this.#warn(`the cached ${document.name} is not used`, error);
    }
  }

  async #refresh(onDirectory: (directory: Directory) => void, cache: CacheFolder | undefined): Promise<void> {
    const fetched = await Promise.all(this.#documents.map((document) => this.#fetch(document, cache)));
    if (this.#closing.signal.aborted) return;
    this.#failures = fetched.includes(false) ? this.#failures + 1 : 0;
    this.#publish(onDirectory);
    this.#again = () => void this.#refresh(onDirectory, cache);
    if (this.#rests) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#again, this.#wait());
    // A list that could be fetched is no reason to stay.
    this.#timer.unref();
  }

  /** @returns whether the document is as new as it can be */
  async #fetch(document: TrackedDocument<Buffer | ProxyConfig>, cache: CacheFolder | undefined): Promise<boolean> {
    const { connect, authorities } = this.#options;
    const { signal } = this.#closing;
    try {
      const options = { connect, authorities, maxBytes: document.maxBytes, timeLimit: TIME_LIMIT, signal };
      const content = await fetchDocument(new URL(document.url), options);
      document.take(content);
      document.failed = false;
      await this.#store(document, content, cache);
    } catch (error) {
      if (signal.aborted) return false;
      // Said once: what follows is more of the same.
      if (!document.failed) this.#warn(`${document.name} could not be fetched from ${document.url}`, error);
      document.failed = true;
      return false;
    }
    return true;
  }

  /** A folder that cannot be written to is no reason not to use what was fetched. */
  async #store(document: TrackedDocument<unknown>, content: Buffer, cache: CacheFolder | undefined): Promise<void> {
    if (cache === undefined || document.cached) return;
    try {
      await cache.write(document.name, content);
      document.cached = true;
    } catch (error) {
      this.#warn(`${document.name} is known until the next restart only`, error);
    }
  }

  #publish(onDirectory: (directory: Directory) => void): void {
    const documents = this.#documents;
    if (!documents.some(({ changed }) => changed) || this.#closing.signal.aborted) return;
    const secret = this.#secret.value;
    const configs = this.#configs.flatMap(({ value }) => (value === undefined ? [] : [value]));
    if (secret === undefined || configs.length === 0) return;
    for (const document of documents) document.changed = false;
    for (const { skipped } of configs) {
      if (skipped > 0) this.#options.logger.warn(`${skipped} addresses in a list of middle proxies make no sense`);
    }
    const directory = new Directory(secret, configs);
    this.#options.logger.info(`${directory.all().length} addresses of middle proxies are known`);
    onDirectory(directory);
  }

  #wait(): number {
    const { refresh = DEFAULT_REFRESH } = this.#options.settings;
    const retry = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
    const ms = this.#failures === 0 ? refresh * 1000 : Math.min(retry, refresh * 1000);
    return ms * (1 - JITTER + 2 * JITTER * Math.random());
  }

  #warn(message: string, thrown: unknown): void {
    const error = toSluiceError(thrown);
    this.#options.logger.warn(`${message}: ${error.message}`, { code: error.code });
  }
}

function configDocument(name: string, url: string): TrackedDocument<ProxyConfig> {
  const parse = (content: Buffer): ProxyConfig => parseProxyConfig(content.toString('latin1'));
  return new TrackedDocument({ name, url, maxBytes: MAX_CONFIG_LENGTH, parse });
}
