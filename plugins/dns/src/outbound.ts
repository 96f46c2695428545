import {
  connPair,
  destination,
  Link,
  LinkDuplex,
  tokens,
  type Destination,
  type Dns,
  type Outbound,
  type OutboundContext,
  type PacketConn,
  type RelayTimeouts,
  type Session,
} from '@sluice/plugin-api';
import type { AnswerSink, Forwarder } from './forwarding/forwarder.js';
import { PacketForwarder } from './forwarding/packet-forwarder.js';
import { StreamForwarder } from './forwarding/stream-forwarder.js';
import { QuestionPackets } from './question-packets.js';
import { QuestionStream } from './question-stream.js';
import type { QuestionsOptions } from './questions.js';
import type { DnsOutboundSettings } from './schema.js';

/** As which protocol the instance's DNS asks its servers. */
const OWN_QUESTIONS = 'dns';

/** Takes DNS traffic: answers for addresses come from the instance's DNS, others from a server. */
export class DnsOutbound implements Outbound {
  readonly #context: OutboundContext<DnsOutboundSettings>;
  readonly #dns: Dns;
  readonly #timeouts: RelayTimeouts | undefined;

  constructor(context: OutboundContext<DnsOutboundSettings>) {
    const { userLevel = 0 } = context.settings;
    this.#context = context;
    this.#dns = context.get(tokens.dns);
    this.#timeouts = userLevel === 0 ? undefined : context.policy.level(userLevel);
  }

  async connect(session: Session, to: Destination): Promise<Link> {
    const { dialer, plane } = this.#context;
    const target = this.#targetFor(to);
    let path: PacketConn | undefined;
    if (isOwn(session)) {
      // Its session does not outlive the dial.
      if (target.network === 'tcp') return dialer.dial(session, target);
      path = await dialer.openPackets(session, target);
    }
    const [near, far] = connPair(plane);
    const stream = new LinkDuplex(new Link(far));
    stream.once('close', () => path?.close());
    new QuestionStream(stream, this.#optionsFor(session, target, path));
    const link = new Link(near);
    link.timeouts = this.#timeouts;
    return link;
  }

  openPackets(session: Session): Promise<PacketConn> {
    return Promise.resolve(new QuestionPackets((to) => this.#optionsFor(session, this.#targetFor(to))));
  }

  /** Where questions for that server are passed on to. */
  #targetFor(to: Destination): Destination {
    const { network = to.network, address = '', port = 0 } = this.#context.settings;
    return destination(network, address === '' ? to.host : address, Number(port) === 0 ? to.port : Number(port));
  }

  /** @param path one that is open already */
  #optionsFor(session: Session, target: Destination, path?: PacketConn): Omit<QuestionsOptions, 'onAnswer'> {
    const { plane, dialer, settings } = this.#context;
    const forward = (sink: AnswerSink): Forwarder =>
      target.network === 'tcp'
        ? new StreamForwarder(() => dialer.dial(session, target), sink)
        : new PacketForwarder(
            () => (path === undefined ? dialer.openPackets(session, target) : Promise.resolve(path)),
            target,
            sink,
          );
    const isOfDns = isOwn(session);
    // What the DNS itself asks, it cannot be asked for, and has to get an answer.
    return {
      dns: isOfDns ? undefined : this.#dns,
      timers: plane.timers,
      forward: settings.nonIPQuery === 'drop' && !isOfDns ? undefined : forward,
    };
  }
}

/** Whether it is the instance's DNS that asks. */
function isOwn(session: Session): boolean {
  return session.inboundProtocol === OWN_QUESTIONS;
}
