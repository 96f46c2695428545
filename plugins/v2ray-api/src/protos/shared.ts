import { bytes, choice, inner, int64, many, oneOf, text, uint32 } from '../wire/field.js';
import { enumType, message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';

/** What several of V2Ray's services and settings use: v2ray.core.common and v2ray.core itself. */
const NET = 'v2ray.core.common.net';
const PROTOCOL = 'v2ray.core.common.protocol';

export const Network = enumType(`${NET}.Network`, { Unknown: 0, RawTCP: 1, TCP: 2, UDP: 3, UNIX: 4 });
export const NetworkList = message(`${NET}.NetworkList`, { network: many(choice(1, Network)) });
export const IPOrDomain = message(`${NET}.IPOrDomain`, { address: oneOf({ ip: bytes(1), domain: text(2) }) });
export const Endpoint = message(`${NET}.Endpoint`, {
  network: choice(1, Network),
  address: inner(2, IPOrDomain),
  port: uint32(3),
});
export const PortRange = message(`${NET}.PortRange`, { From: uint32(1), To: uint32(2) });

/** A message of any type, by its name. */
export const TypedMessage = message('v2ray.core.common.serial.TypedMessage', { type: text(1), value: bytes(2) });

export const User = message(`${PROTOCOL}.User`, {
  level: uint32(1),
  email: text(2),
  account: inner(3, TypedMessage),
});
export const ServerEndpoint = message(`${PROTOCOL}.ServerEndpoint`, {
  address: inner(1, IPOrDomain),
  port: uint32(2),
  user: many(inner(3, User)),
});

export const InboundHandlerConfig = message('v2ray.core.InboundHandlerConfig', {
  tag: text(1),
  receiver_settings: inner(2, TypedMessage),
  proxy_settings: inner(3, TypedMessage),
});
export const OutboundHandlerConfig = message('v2ray.core.OutboundHandlerConfig', {
  tag: text(1),
  sender_settings: inner(2, TypedMessage),
  proxy_settings: inner(3, TypedMessage),
  expire: int64(4),
  comment: text(5),
});

export const sharedFiles: readonly ProtoFile[] = [
  { name: 'common/net/network.proto', package: NET, messages: [NetworkList], enums: [Network] },
  { name: 'common/net/address.proto', package: NET, messages: [IPOrDomain] },
  { name: 'common/net/destination.proto', package: NET, messages: [Endpoint] },
  { name: 'common/net/port.proto', package: NET, messages: [PortRange] },
  { name: 'common/serial/typed_message.proto', package: 'v2ray.core.common.serial', messages: [TypedMessage] },
  { name: 'common/protocol/user.proto', package: PROTOCOL, messages: [User] },
  { name: 'common/protocol/server_spec.proto', package: PROTOCOL, messages: [ServerEndpoint] },
  { name: 'config.proto', package: 'v2ray.core', messages: [InboundHandlerConfig, OutboundHandlerConfig] },
];
