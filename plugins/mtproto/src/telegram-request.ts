import { sessionKey, SluiceError, type Destination, type Session } from '@sluice/plugin-api';
import type { AddressHealth } from './data-centers/address-health.js';
import type { Addresses } from './data-centers/addresses.js';
import type { MiddleProxyClient, MiddleProxyTarget } from './middle-proxy/middle-proxy-target.js';
import type { ClientLayer } from './obfuscation/client-layer.js';

/** What the inbound tells the outbound about a Telegram client's connection. */
export class TelegramRequest {
  readonly client: ClientLayer;
  /** The client has sent more than its header already. */
  readonly payloadWaits: boolean;
  /** The data centre's addresses, in the order in which they are to be tried. */
  readonly addresses: Addresses;
  /** To be told which of them answered and which did not. */
  readonly health: AddressHealth;
  #claimed = false;
  #allTried = false;

  constructor(client: ClientLayer, addresses: Addresses, health: AddressHealth, payloadWaits: boolean) {
    this.client = client;
    this.addresses = addresses;
    this.health = health;
    this.payloadWaits = payloadWaits;
  }

  /** The addresses with that one in the lead, or nothing if the data centre is not there. */
  addressesFrom(to: Destination): Addresses | undefined {
    if (to === this.addresses[0]) return this.addresses;
    const others = this.addresses.filter((address) => address !== to);
    return others.length < this.addresses.length ? [to, ...others] : undefined;
  }

  /** Whether an outbound has put the data centre's obfuscation onto its link. */
  get claimed(): boolean {
    return this.#claimed;
  }

  /**
   * Says that the caller will put the obfuscation on. Keystreams can be used once only.
   * @throws SluiceError E_UNSUPPORTED if another outbound of the chain does so already
   */
  claim(): void {
    if (this.#claimed)
      throw new SluiceError('E_UNSUPPORTED', 'an mtproto outbound cannot lead through another mtproto outbound');
    this.#claimed = true;
  }

  /** A claimant has tried all addresses in vain. */
  get allTried(): boolean {
    return this.#allTried;
  }

  /** The claimant could not reach the data centre by any of its addresses. */
  unclaim(): void {
    this.#claimed = false;
    this.#allTried = true;
  }
}

/** What the inbound tells the outbound about a client that is to be led through Telegram's middle proxies. */
export interface TaggedRequest {
  readonly target: MiddleProxyTarget;
  readonly client: MiddleProxyClient;
  /** Set by an outbound whose link speaks to the middle proxy already. */
  claimed: boolean;
}

const taggedKey = sessionKey<TaggedRequest | undefined>('mtproto.tagged');

export function taggedRequest(session: Session): TaggedRequest | undefined {
  return session.get(taggedKey);
}

/** @param request undefined: it has been dealt with */
export function setTaggedRequest(session: Session, request: TaggedRequest | undefined): void {
  session.set(taggedKey, request);
}

const key = sessionKey<TelegramRequest | undefined>('mtproto.request');

export function telegramRequest(session: Session): TelegramRequest | undefined {
  return session.get(key);
}

/** @param request undefined: it has been dealt with, and its keys are let go */
export function setTelegramRequest(session: Session, request: TelegramRequest | undefined): void {
  session.set(key, request);
}
