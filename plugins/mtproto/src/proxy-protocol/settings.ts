import { Type, type Static } from '@sluice/plugin-api';

/** The `proxyProtocol` of an inbound's settings. */
export const proxyProtocolSchema = Type.Object(
  {
    from: Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: 10_000,
      examples: [['192.0.2.1'], ['2001:db8::/32']],
      description:
        'The proxies in front of this inbound, as IP addresses or CIDR blocks: ["192.0.2.1", "2001:db8::/32"]. A connection from one of them must begin with a PROXY protocol header of version 1 or 2 (HAProxy\'s `send-proxy` or `send-proxy-v2`, nginx\'s `proxy_protocol on`), and counts as one from the client named there. A connection from anywhere else is a client\'s own: a header in it would be a stranger\'s word, and is not believed. Needed; no default.',
    }),
  },
  {
    description:
      'Where a load balancer or reverse proxy leads connections to this inbound: from which addresses it may say, by the PROXY protocol, whom they are from. Without it, limits and logs would take all of them for one client. Default: no proxies.',
  },
);

export type ProxyProtocolSettings = Static<typeof proxyProtocolSchema>;
