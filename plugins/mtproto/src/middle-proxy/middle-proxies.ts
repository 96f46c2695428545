import type { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import {
  formatHostPort,
  type Counter,
  type Destination,
  type Dispatcher,
  type Logger,
  type Stats,
} from '@sluice/plugin-api';
import type { AddressFamily } from '../data-centers/address-family.js';
import type { Directory } from './list/directory.js';
import { connectForList } from './list/connect-for-list.js';
import { ListSource } from './list/list-source.js';
import type { MiddleProxyTarget } from './middle-proxy-target.js';
import { Resting } from './resting.js';
import type { MiddleProxySettings } from './settings.js';

export interface MiddleProxiesOptions {
  readonly settings: MiddleProxySettings;
  readonly addressFamily: AddressFamily;
  /** The inbound's. */
  readonly tag: string;
  readonly dispatcher: Pick<Dispatcher, 'connect' | 'originate'>;
  readonly logger: Logger;
  readonly stats: Stats;
  /** Certificates (PEM) to trust for the lists instead of the well-known authorities. */
  readonly authorities?: string;
}

/** The settings that say what the lists are. */
const LISTS = ['secretUrl', 'configUrl', 'configUrlV6'] as const;

/** What an inbound knows of Telegram's middle proxies: where they are, and which of them work. */
export class MiddleProxies {
  readonly #options: MiddleProxiesOptions;
  readonly #source: ListSource;
  #resting = new Resting();
  readonly #passedBy: Counter;
  #directory: Directory | undefined;
  #secretName = '';
  /** The log has been told that connections go directly, and not yet that they no longer do. */
  #warned = false;

  constructor(options: MiddleProxiesOptions) {
    const { settings, addressFamily, tag, dispatcher, logger, stats, authorities } = options;
    this.#options = options;
    this.#passedBy = stats.counter(`inbound>>>${tag}>>>middleProxy>>>passedBy`);
    this.#source = new ListSource({
      settings,
      addressFamily,
      logger,
      authorities,
      connect: (to, signal) => connectForList(dispatcher, tag, to, signal),
    });
  }

  /** Begins to fetch the lists; returns at once. */
  start(): void {
    this.#source.start((directory) => this.#take(directory));
  }

  close(): void {
    this.#source.close();
  }

  /** Fetches no lists until {@link resume}; what is known serves on. */
  rest(): void {
    this.#source.rest();
  }

  resume(): void {
    this.#source.resume();
  }

  /** Goes on with what another one knows, if it is about the same lists. */
  recall(previous: MiddleProxies): void {
    const [mine, theirs] = [this.#options, previous.#options];
    const isSame = LISTS.every((key) => mine.settings[key] === theirs.settings[key]);
    if (!isSame || mine.addressFamily !== theirs.addressFamily || previous.#directory === undefined) return;
    this.#resting = previous.#resting;
    this.#take(previous.#directory);
  }

  /**
   * The way to a data centre for a connection with that tag. Undefined: there is none for now, and
   * the connection goes directly, for a proxy that works comes before a promotion.
   * @param dc as the client writes it
   * @param adTag 16 bytes
   */
  requestFor(dc: number, adTag: Buffer): MiddleProxyTarget | undefined {
    const directory = this.#directory;
    if (directory === undefined) {
      this.#passBy('their list has not been fetched yet');
      return undefined;
    }
    const listed = directory.addresses(dc);
    // Nobody can do anything about a data centre that has none.
    if (listed.length === 0) return undefined;
    const [preferred, ...alternatives] = listed.filter((address) => !this.#resting.isResting(nameOf(address)));
    if (preferred === undefined) {
      this.#passBy(`none for data centre ${dc} can be used`);
      return undefined;
    }
    if (this.#warned) this.#options.logger.info('connections with an ad tag go through the middle proxies again');
    this.#warned = false;
    const { natAddress } = this.#options.settings;
    return {
      preferred,
      alternatives,
      secret: directory.secret,
      adTag,
      natAddress,
      poolKey: `${this.#secretName} ${natAddress ?? ''}`,
      failed: (address) => this.#resting.failed(nameOf(address)),
      worked: (address) => this.#resting.worked(nameOf(address)),
    };
  }

  #take(directory: Directory): void {
    this.#directory = directory;
    this.#secretName = hash('sha256', directory.secret, 'hex').slice(0, 16);
    this.#resting.keepOnly(new Set(directory.all().map(nameOf)));
  }

  #passBy(reason: string): void {
    this.#passedBy.add(1);
    if (this.#warned) return;
    this.#warned = true;
    this.#options.logger.warn(`connections with an ad tag go past the middle proxies: ${reason}`);
  }
}

function nameOf({ host, port }: Destination): string {
  return formatHostPort(host, port);
}
