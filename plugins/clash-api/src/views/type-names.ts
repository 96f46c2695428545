/** Protocols as Clash names them, which dashboards show and colour; any other keeps its own name. */
const OUTBOUND_TYPES: Readonly<Record<string, string>> = {
  blackhole: 'Reject',
  dns: 'Dns',
  freedom: 'Direct',
  http: 'Http',
  mtproto: 'MTProto',
  shadowsocks: 'Shadowsocks',
  socks: 'Socks5',
  trojan: 'Trojan',
  vless: 'Vless',
  vmess: 'Vmess',
};

const INBOUND_TYPES: Readonly<Record<string, string>> = {
  'dokodemo-door': 'Tunnel',
  http: 'HTTP',
  mtproto: 'MTProto',
  shadowsocks: 'ShadowSocks',
  socks: 'Socks5',
  trojan: 'Trojan',
  vless: 'Vless',
  vmess: 'Vmess',
};

const named = (names: Readonly<Record<string, string>>, protocol: string): string =>
  Object.hasOwn(names, protocol) ? (names[protocol] ?? protocol) : protocol;

export const outboundType = (protocol: string): string => named(OUTBOUND_TYPES, protocol);
export const inboundType = (protocol: string): string => named(INBOUND_TYPES, protocol);
