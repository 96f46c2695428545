import { randomBytes } from 'node:crypto';
import { KeyExchange, type MadeKey } from './auth-key/key-exchange.js';
import type { DcKey } from './auth-key/rsa-key.js';
import { DcSession, type SeenCall } from './auth-key/session.js';
import { answerPqRequest, decodePqRequest, defaultPq, unwrap, wrapAnswer, type PqRequest } from './res-pq.js';

/** What connections of one data centre share: its RSA key, and the keys made with it, by their ids. */
export interface DcKeys {
  readonly key: DcKey | undefined;
  readonly fingerprint: bigint;
  readonly made: Map<bigint, MadeKey>;
}

export interface AnswerObserver {
  onRequest(request: PqRequest): void;
  onKey(key: MadeKey): void;
  onCall(call: SeenCall): void;
}

/** It names an authorization key, and 0 is none. */
export function isEncrypted(message: Buffer): boolean {
  return message.readBigUInt64LE() !== 0n;
}

/** What a data centre says to each message of one connection. */
export class DcAnswers {
  readonly #keys: DcKeys;
  readonly #observer: AnswerObserver;
  readonly #session: DcSession;
  #exchange: KeyExchange | undefined;

  constructor(keys: DcKeys, dc: number, observer: AnswerObserver) {
    this.#keys = keys;
    this.#observer = observer;
    this.#session = new DcSession({
      keyById: (id) => keys.made.get(id),
      country: keys.fingerprint.toString(16),
      dc,
      onCall: (call) => observer.onCall(call),
    });
  }

  /** @throws Error what no data centre takes. */
  to(message: Buffer): Buffer[] {
    const { key, fingerprint, made } = this.#keys;
    const request = decodePqRequest(message);
    if (request !== undefined) {
      const serverNonce = randomBytes(16);
      this.#observer.onRequest(request);
      if (key !== undefined)
        this.#exchange = new KeyExchange(key, { nonce: request.nonce, serverNonce, pq: defaultPq });
      return [answerPqRequest(request, fingerprint, serverNonce)];
    }
    if (key === undefined) throw new Error('a message that is neither req_pq nor req_pq_multi');
    const body = unwrap(message);
    if (body === undefined) return this.#session.receive(message);
    if (this.#exchange === undefined) throw new Error('a key exchange that does not begin with req_pq');
    const result = this.#exchange.receive(body);
    if (result.made !== undefined) {
      this.#exchange = undefined;
      made.set(result.made.keyId, result.made);
      this.#observer.onKey(result.made);
    }
    return [wrapAnswer(result.answer)];
  }
}
