import { SluiceError, type Control, type RouteEvent } from '@sluice/plugin-api';
import { RoutingService } from '../protos/router.js';
import { served, type ServedService } from '../server/served-service.js';
import { EventStream } from './event-stream.js';
import { contextWith, questionOf } from './route-context.js';

/** Decisions that a subscriber may be behind. */
const MAX_BEHIND = 1024;
const MAX_SELECTORS = 32;

export function routingService(control: Control): ServedService {
  const subscribers = new Set<EventStream<RouteEvent>>();
  return served(RoutingService, {
    async *SubscribeRoutingStats({ FieldSelectors }, { signal }) {
      const describe = contextWith(checked(FieldSelectors));
      const stream = new EventStream<RouteEvent>(MAX_BEHIND);
      subscribers.add(stream);
      const end = control.onRoute((event) => stream.push(event));
      try {
        for await (const event of stream.until(signal)) yield describe(event.question, event);
      } finally {
        end();
        subscribers.delete(stream);
      }
      // Its own end is an error to the client, as its time being over is.
      if (signal.reason instanceof Error) throw signal.reason;
    },
    TestRoute: async ({ RoutingContext, FieldSelectors, PublishResult }) => {
      if (RoutingContext === undefined) throw new SluiceError('E_PROTOCOL', 'RoutingContext is missing');
      const describe = contextWith(checked(FieldSelectors));
      const question = questionOf(RoutingContext);
      const answer = await control.route(question);
      if (PublishResult) for (const stream of subscribers) stream.push({ question, ...answer });
      return describe(question, answer);
    },
    GetBalancerInfo: ({ tag }) => {
      const found = control.balancers().find((balancer) => balancer.tag === tag);
      if (found === undefined) throw new SluiceError('E_NOT_FOUND', `there is no balancer "${tag.slice(0, 256)}"`);
      return {
        balancer: {
          override: { target: found.override ?? '' },
          principleTarget: { tag: [...found.members] },
        },
      };
    },
    OverrideBalancerTarget: ({ balancerTag, target }) => {
      control.overrideBalancer(balancerTag, target === '' ? undefined : target);
      return {};
    },
  });
}

function checked(selectors: readonly string[]): readonly string[] {
  if (selectors.length > MAX_SELECTORS) {
    throw new SluiceError('E_PROTOCOL', `at most ${MAX_SELECTORS} FieldSelectors`);
  }
  return selectors;
}
