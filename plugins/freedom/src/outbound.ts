import {
  toSluiceError,
  type Destination,
  type Link,
  type Outbound,
  type OutboundContext,
  type PacketConn,
  type RelayTimeouts,
  type Session,
} from '@sluice/plugin-api';
import { AddressChoice } from './address-choice.js';
import { FreedomPackets } from './packets.js';
import { Redirect } from './redirect.js';
import type { FreedomSettings } from './schema.js';

/** Connects to the target itself. */
export class FreedomOutbound implements Outbound {
  readonly #context: OutboundContext<FreedomSettings>;
  readonly #redirect: Redirect | undefined;
  /** Undefined leaves domains to the dialer. */
  readonly #choice: AddressChoice | undefined;
  readonly #timeouts: RelayTimeouts | undefined;

  constructor(context: OutboundContext<FreedomSettings>) {
    const { domainStrategy = 'AsIs', redirect = '' } = context.settings;
    this.#context = context;
    this.#redirect = redirect === '' ? undefined : new Redirect(redirect);
    const family = domainStrategy === 'UseIPv4' ? 4 : domainStrategy === 'UseIPv6' ? 6 : undefined;
    this.#choice = domainStrategy === 'AsIs' ? undefined : new AddressChoice(context.resolver, family);
    this.#timeouts = timeoutsOf(context);
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    const target = this.#redirect?.apply(to) ?? to;
    // A Unix socket here is the configuration's word: the dispatcher takes none from a client.
    const { dialer } = this.#context;
    const choice = target.type === 'domain' ? this.#choice : undefined;
    const link =
      choice === undefined
        ? await dialer.dial(session, target)
        : await this.#dialFirst(session, await choice.resolve(target));
    link.timeouts = this.#timeouts;
    return link;
  }

  async openPackets(session: Session, to: Destination): Promise<PacketConn> {
    const inner = await this.#context.dialer.openPackets(session, this.#redirect?.apply(to) ?? to);
    if (this.#redirect === undefined && this.#choice === undefined) return inner;
    return new FreedomPackets(inner, this.#redirect, this.#choice);
  }

  /** The addresses one after the other, until one answers; the first one's error tells most. */
  async #dialFirst(session: Session, [first, ...rest]: readonly [Destination, ...Destination[]]): Promise<Link> {
    try {
      return await this.#context.dialer.dial(session, first);
    } catch (error) {
      const reason = toSluiceError(error);
      for (const next of reason.code.startsWith('E_DIAL_') ? rest : []) {
        try {
          return await this.#context.dialer.dial(session, next);
        } catch (again) {
          if (!toSluiceError(again).code.startsWith('E_DIAL_')) throw again;
        }
      }
      throw reason;
    }
  }
}

/** As V2Ray: the level's, or the older `timeout` where no level is chosen. Nothing if neither is. */
function timeoutsOf({ settings, policy }: OutboundContext<FreedomSettings>): RelayTimeouts | undefined {
  const { userLevel = 0, timeout = 0 } = settings;
  if (userLevel === 0 && timeout === 0) return undefined;
  const { connIdle, uplinkOnly, downlinkOnly } = policy.level(userLevel);
  return { connIdle: userLevel === 0 ? timeout * 1000 : connIdle, uplinkOnly, downlinkOnly };
}
