import { bool, bytes, choice, inner, int32, many, map, text, uint32 } from '../wire/field.js';
import { enumType, message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { Endpoint, IPOrDomain, Network, NetworkList, PortRange, ServerEndpoint, TypedMessage, User } from './shared.js';

/** The settings of handlers, which requests carry as typed messages. */
const PROXYMAN = 'v2ray.core.app.proxyman';
const INTERNET = 'v2ray.core.transport.internet';
const PROXY = 'v2ray.core.proxy';

const TransportProtocol = enumType(`${INTERNET}.TransportProtocol`, {
  TCP: 0,
  UDP: 1,
  MKCP: 2,
  WebSocket: 3,
  HTTP: 4,
  DomainSocket: 5,
});
const TransportConfig = message(`${INTERNET}.TransportConfig`, {
  protocol: choice(1, TransportProtocol),
  settings: inner(2, TypedMessage),
  protocol_name: text(3),
});
const TCPFastOpenState = enumType(`${INTERNET}.SocketConfig.TCPFastOpenState`, { AsIs: 0, Enable: 1, Disable: 2 });
const TProxyMode = enumType(`${INTERNET}.SocketConfig.TProxyMode`, { Off: 0, TProxy: 1, Redirect: 2 });
const SocketConfig = message(`${INTERNET}.SocketConfig`, {
  mark: int32(1),
  tfo: choice(2, TCPFastOpenState),
  tproxy: choice(3, TProxyMode),
  receive_original_dest_address: bool(4),
  bind_address: bytes(5),
  bind_port: uint32(6),
  accept_proxy_protocol: bool(7),
});
export const StreamConfig = message(`${INTERNET}.StreamConfig`, {
  protocol: choice(1, TransportProtocol),
  transport_settings: many(inner(2, TransportConfig)),
  security_type: text(3),
  security_settings: many(inner(4, TypedMessage)),
  protocol_name: text(5),
  socket_settings: inner(6, SocketConfig),
});
const ProxyConfig = message(`${INTERNET}.ProxyConfig`, { tag: text(1) });

export const TcpTransport = message(`${INTERNET}.tcp.Config`, {
  header_settings: inner(2, TypedMessage),
  accept_proxy_protocol: bool(3),
});
const WebSocketHeader = message(`${INTERNET}.websocket.Header`, { key: text(1), value: text(2) });
export const WebSocketTransport = message(`${INTERNET}.websocket.Config`, {
  path: text(2),
  header: many(inner(3, WebSocketHeader)),
  accept_proxy_protocol: bool(4),
});
export const HttpTransport = message(`${INTERNET}.http.Config`, { host: many(text(1)), path: text(2) });
export const DomainSocketTransport = message(`${INTERNET}.domainsocket.Config`, {
  path: text(1),
  abstract: bool(2),
  padding: bool(3),
});
const CertificateUsage = enumType(`${INTERNET}.tls.Certificate.Usage`, {
  ENCIPHERMENT: 0,
  AUTHORITY_VERIFY: 1,
  AUTHORITY_ISSUE: 2,
});
const Certificate = message(`${INTERNET}.tls.Certificate`, {
  Certificate: bytes(1),
  Key: bytes(2),
  usage: choice(3, CertificateUsage),
});
export const TlsSecurity = message(`${INTERNET}.tls.Config`, {
  allow_insecure: bool(1),
  certificate: many(inner(2, Certificate)),
  server_name: text(3),
  next_protocol: many(text(4)),
  enable_session_resumption: bool(5),
  disable_system_root: bool(6),
});

const AllocationType = enumType(`${PROXYMAN}.AllocationStrategy.Type`, { Always: 0, Random: 1, External: 2 });
const Concurrency = message(`${PROXYMAN}.AllocationConcurrency`, { value: uint32(1) });
const AllocationStrategy = message(`${PROXYMAN}.AllocationStrategy`, {
  type: choice(1, AllocationType),
  concurrency: inner(2, Concurrency),
  refresh: inner(3, Concurrency),
});
const KnownProtocols = enumType(`${PROXYMAN}.KnownProtocols`, { HTTP: 0, TLS: 1 });
const SniffingConfig = message(`${PROXYMAN}.SniffingConfig`, {
  enabled: bool(1),
  destination_override: many(text(2)),
  // From V2Ray 4.36 on.
  metadata_only: bool(3),
});
export const ReceiverConfig = message(`${PROXYMAN}.ReceiverConfig`, {
  port_range: inner(1, PortRange),
  listen: inner(2, IPOrDomain),
  allocation_strategy: inner(3, AllocationStrategy),
  stream_settings: inner(4, StreamConfig),
  receive_original_destination: bool(5),
  domain_override: many(choice(7, KnownProtocols)),
  sniffing_settings: inner(8, SniffingConfig),
});
const MultiplexingConfig = message(`${PROXYMAN}.MultiplexingConfig`, { enabled: bool(1), concurrency: uint32(2) });
export const SenderConfig = message(`${PROXYMAN}.SenderConfig`, {
  via: inner(1, IPOrDomain),
  stream_settings: inner(2, StreamConfig),
  proxy_settings: inner(3, ProxyConfig),
  multiplex_settings: inner(4, MultiplexingConfig),
});

export const SocksAuthType = enumType(`${PROXY}.socks.AuthType`, { NO_AUTH: 0, PASSWORD: 1 });
export const SocksAccount = message(`${PROXY}.socks.Account`, { username: text(1), password: text(2) });
export const SocksServer = message(`${PROXY}.socks.ServerConfig`, {
  auth_type: choice(1, SocksAuthType),
  accounts: map(2, text),
  address: inner(3, IPOrDomain),
  udp_enabled: bool(4),
  timeout: uint32(5),
  user_level: uint32(6),
});
export const SocksClient = message(`${PROXY}.socks.ClientConfig`, { server: many(inner(1, ServerEndpoint)) });

export const HttpAccount = message(`${PROXY}.http.Account`, { username: text(1), password: text(2) });
export const HttpServer = message(`${PROXY}.http.ServerConfig`, {
  timeout: uint32(1),
  accounts: map(2, text),
  allow_transparent: bool(3),
  user_level: uint32(4),
});
export const HttpClient = message(`${PROXY}.http.ClientConfig`, { server: many(inner(1, ServerEndpoint)) });

export const MtprotoAccount = message(`${PROXY}.mtproto.Account`, { secret: bytes(1) });
export const MtprotoServer = message(`${PROXY}.mtproto.ServerConfig`, { user: many(inner(1, User)) });
export const MtprotoClient = message(`${PROXY}.mtproto.ClientConfig`, {});

export const Dokodemo = message(`${PROXY}.dokodemo.Config`, {
  address: inner(1, IPOrDomain),
  port: uint32(2),
  network_list: inner(3, NetworkList),
  timeout: uint32(4),
  follow_redirect: bool(5),
  user_level: uint32(6),
  networks: many(choice(7, Network)),
});

const FreedomStrategy = enumType(`${PROXY}.freedom.Config.DomainStrategy`, {
  AS_IS: 0,
  USE_IP: 1,
  USE_IP4: 2,
  USE_IP6: 3,
});
const DestinationOverride = message(`${PROXY}.freedom.DestinationOverride`, { server: inner(1, ServerEndpoint) });
export const Freedom = message(`${PROXY}.freedom.Config`, {
  domain_strategy: choice(1, FreedomStrategy),
  timeout: uint32(2),
  destination_override: inner(3, DestinationOverride),
  user_level: uint32(4),
});

export const BlackholeNone = message(`${PROXY}.blackhole.NoneResponse`, {});
export const BlackholeHttp = message(`${PROXY}.blackhole.HTTPResponse`, {});
export const Blackhole = message(`${PROXY}.blackhole.Config`, { response: inner(1, TypedMessage) });

export const DnsOutbound = message(`${PROXY}.dns.Config`, { server: inner(1, Endpoint) });

/** As much of V2Ray's files as is translated. */
export const settingsFiles: readonly ProtoFile[] = [
  {
    name: 'transport/internet/config.proto',
    package: INTERNET,
    messages: [TransportConfig, SocketConfig, StreamConfig, ProxyConfig],
    enums: [TransportProtocol, TCPFastOpenState, TProxyMode],
  },
  { name: 'transport/internet/tcp/config.proto', package: `${INTERNET}.tcp`, messages: [TcpTransport] },
  {
    name: 'transport/internet/websocket/config.proto',
    package: `${INTERNET}.websocket`,
    messages: [WebSocketHeader, WebSocketTransport],
  },
  { name: 'transport/internet/http/config.proto', package: `${INTERNET}.http`, messages: [HttpTransport] },
  {
    name: 'transport/internet/domainsocket/config.proto',
    package: `${INTERNET}.domainsocket`,
    messages: [DomainSocketTransport],
  },
  {
    name: 'transport/internet/tls/config.proto',
    package: `${INTERNET}.tls`,
    messages: [Certificate, TlsSecurity],
    enums: [CertificateUsage],
  },
  {
    name: 'app/proxyman/config.proto',
    package: PROXYMAN,
    messages: [Concurrency, AllocationStrategy, SniffingConfig, ReceiverConfig, MultiplexingConfig, SenderConfig],
    enums: [AllocationType, KnownProtocols],
  },
  {
    name: 'proxy/socks/config.proto',
    package: `${PROXY}.socks`,
    messages: [SocksAccount, SocksServer, SocksClient],
    enums: [SocksAuthType],
  },
  { name: 'proxy/http/config.proto', package: `${PROXY}.http`, messages: [HttpAccount, HttpServer, HttpClient] },
  {
    name: 'proxy/mtproto/config.proto',
    package: `${PROXY}.mtproto`,
    messages: [MtprotoAccount, MtprotoServer, MtprotoClient],
  },
  { name: 'proxy/dokodemo/config.proto', package: `${PROXY}.dokodemo`, messages: [Dokodemo] },
  {
    name: 'proxy/freedom/config.proto',
    package: `${PROXY}.freedom`,
    messages: [DestinationOverride, Freedom],
    enums: [FreedomStrategy],
  },
  {
    name: 'proxy/blackhole/config.proto',
    package: `${PROXY}.blackhole`,
    messages: [BlackholeNone, BlackholeHttp, Blackhole],
  },
  { name: 'proxy/dns/config.proto', package: `${PROXY}.dns`, messages: [DnsOutbound] },
];
