import { bool, bytes, choice, inner, many, map, text, uint32 } from '../wire/field.js';
import { enumType, message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { Endpoint, IPOrDomain, Network, NetworkList, PortRange, ServerEndpoint, TypedMessage, User } from './shared.js';
import { ProxyConfig, StreamConfig } from './transport.js';

/** The settings of handlers, which requests carry as typed messages. */
const PROXYMAN = 'v2ray.core.app.proxyman';
const PROXY = 'v2ray.core.proxy';

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
