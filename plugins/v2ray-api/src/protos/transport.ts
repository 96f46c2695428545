import { bool, bytes, choice, inner, int32, many, text, uint32 } from '../wire/field.js';
import { enumType, message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { TypedMessage } from './shared.js';

/** How handlers' connections are carried: v2ray.core.transport.internet. */
const INTERNET = 'v2ray.core.transport.internet';

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
export const ProxyConfig = message(`${INTERNET}.ProxyConfig`, { tag: text(1) });

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

/** As much of V2Ray's files as is translated. */
export const transportFiles: readonly ProtoFile[] = [
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
];
