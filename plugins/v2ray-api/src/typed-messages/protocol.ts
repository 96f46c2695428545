import type { User } from '../protos/shared.js';
import type { Decoded } from '../wire/message.js';
import type { Translation } from './translation.js';

/** A user around an account. */
export type AccountUser = Pick<Decoded<typeof User>, 'level' | 'email'>;

/** A protocol's settings as V2Ray's messages have them. */
export interface ProtocolTranslation {
  /** As in `"protocol"`. */
  readonly protocol: string;
  readonly inbound?: Translation;
  readonly outbound?: Translation;
  /** To an entry of the inbound's list of users. */
  readonly account?: Translation<[user: AccountUser]>;
}
