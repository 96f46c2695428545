import { sessionKey, SluiceError, type Destination, type Session } from '@sluice/plugin-api';
import type { Addresses } from './data-centers/data-centers.js';
import type { ClientLayer } from './obfuscation/client-layer.js';

/** What the inbound tells the outbound about a Telegram client's connection. */
export class TelegramRequest {
  readonly client: ClientLayer;
  /** The client has sent more than its header already. */
  readonly payloadWaits: boolean;
  /** The data centre's address that the session is bound for. */
  readonly preferred: Destination;
  /** Its other addresses, in order of preference. */
  readonly alternatives: readonly Destination[];
  #claimed = false;

  constructor(client: ClientLayer, addresses: Addresses, payloadWaits: boolean) {
    this.client = client;
    this.payloadWaits = payloadWaits;
    [this.preferred, ...this.alternatives] = addresses;
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

  /** The claimant could not reach the data centre. */
  unclaim(): void {
    this.#claimed = false;
  }
}

const key = sessionKey<TelegramRequest | undefined>('mtproto.request');

export function telegramRequest(session: Session): TelegramRequest | undefined {
  return session.get(key);
}

/** @param request undefined: it has been dealt with, and its keys are let go */
export function setTelegramRequest(session: Session, request: TelegramRequest | undefined): void {
  session.set(key, request);
}
