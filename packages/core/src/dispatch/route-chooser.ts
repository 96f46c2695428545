import { type Destination, type RouteEvent } from '@sluice/plugin-api';
import type { Balancers } from '../balancing/balancers.js';
import { Feed } from '../control/feed.js';
import type { OutboundHandler } from '../outbound/outbound-handler.js';
import type { OutboundTable } from '../outbound/outbound-table.js';
import type { RouteDecision, Router } from '../routing/router.js';
import type { FlowSession } from './flow-session.js';
import { SessionSubject } from './route.js';

/** Finds the outbound for a session: by the rules, a balancer if one is named, or the default. */
export class RouteChooser {
  readonly decisions = new Feed<RouteEvent>();
  readonly #router: Router;
  readonly #outbounds: OutboundTable;
  readonly #balancers: Balancers;

  constructor(router: Router, outbounds: OutboundTable, balancers: Balancers) {
    this.#router = router;
    this.#outbounds = outbounds;
    this.#balancers = balancers;
  }

  /**
   * At once unless a rule needs the target's addresses.
   * @param target what rules look at
   * @param to where the connection is made to
   * @throws SluiceError E_NO_OUTBOUND
   */
  choose(session: FlowSession, target: Destination, to: Destination): OutboundHandler | Promise<OutboundHandler> {
    const forced = session.forcedOutbound;
    if (forced !== undefined) return this.#outbounds.get(forced);
    const subject = new SessionSubject(session, target, to);
    const picked = this.#router.pick(subject);
    return picked instanceof Promise
      ? picked.then((decision) => this.#follow(session, subject, decision))
      : this.#follow(session, subject, picked);
  }

  /** The tag that a decision leads to. @throws SluiceError E_NO_OUTBOUND */
  outboundOf({ outboundTag, balancerTag }: RouteDecision): OutboundHandler {
    const tag = outboundTag ?? (balancerTag === undefined ? undefined : this.#balancers.pick(balancerTag));
    return this.#outbounds.get(tag);
  }

  #follow(session: FlowSession, subject: SessionSubject, decision: RouteDecision): OutboundHandler {
    const { ruleIndex, outboundTag } = decision;
    const balancerTag = outboundTag === undefined ? decision.balancerTag : undefined;
    session.ruleIndex ??= ruleIndex;
    session.balancerTag ??= balancerTag;
    const handler = this.outboundOf(decision);
    if (this.decisions.isHeard) {
      const { inboundTag, network, target, source, user, protocol, attributes } = subject;
      const question = { inboundTag, network, target, source, user, protocol, attributes };
      this.decisions.emit({ question, outboundTag: handler.tag, balancerTag, ruleIndex });
    }
    return handler;
  }
}
