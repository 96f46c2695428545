/** Addresses of middle proxies (`host:port`, an IPv6 host in brackets) by data centre id; negative ids are for media. */
export type MiddleProxyAddresses = Readonly<Record<string, readonly string[]>>;

/** The text of getProxyConfig as Telegram writes it. */
export function proxyConfigText(addresses: MiddleProxyAddresses, defaultDc = 2): string {
  const lines = Object.entries(addresses).flatMap(([dc, all]) => all.map((address) => `proxy_for ${dc} ${address};`));
  return ['# force_probability 10 10', `default ${defaultDc};`, ...lines, ''].join('\n');
}
