import { tokens, type OutboundContext } from '@sluice/plugin-api';
import type { PoolDial } from './pool-route.js';

/** Dials on the outbound's own account, so that no client's leaving hurts the others. */
export function poolDial(context: Pick<OutboundContext, 'dialer' | 'tag' | 'get'>): PoolDial {
  return (to) => {
    const session = context.get(tokens.dispatcher).originate({ inboundTag: context.tag, inboundProtocol: 'mtproto' });
    return { link: context.dialer.dial(session, to), close: () => session.close() };
  };
}
