import { inner, text } from '../wire/field.js';
import { message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { service, unary } from '../wire/service.js';
import { InboundHandlerConfig, OutboundHandlerConfig, TypedMessage, User } from './shared.js';

const PACKAGE = 'v2ray.core.app.proxyman.command';

/** Operations of AlterInbound, as typed messages. */
export const AddUserOperation = message(`${PACKAGE}.AddUserOperation`, { user: inner(1, User) });
export const RemoveUserOperation = message(`${PACKAGE}.RemoveUserOperation`, { email: text(1) });

const AddInboundRequest = message(`${PACKAGE}.AddInboundRequest`, { inbound: inner(1, InboundHandlerConfig) });
const AddInboundResponse = message(`${PACKAGE}.AddInboundResponse`, {});
const RemoveInboundRequest = message(`${PACKAGE}.RemoveInboundRequest`, { tag: text(1) });
const RemoveInboundResponse = message(`${PACKAGE}.RemoveInboundResponse`, {});
const AlterInboundRequest = message(`${PACKAGE}.AlterInboundRequest`, {
  tag: text(1),
  operation: inner(2, TypedMessage),
});
const AlterInboundResponse = message(`${PACKAGE}.AlterInboundResponse`, {});
const AddOutboundRequest = message(`${PACKAGE}.AddOutboundRequest`, { outbound: inner(1, OutboundHandlerConfig) });
const AddOutboundResponse = message(`${PACKAGE}.AddOutboundResponse`, {});
const RemoveOutboundRequest = message(`${PACKAGE}.RemoveOutboundRequest`, { tag: text(1) });
const RemoveOutboundResponse = message(`${PACKAGE}.RemoveOutboundResponse`, {});
const AlterOutboundRequest = message(`${PACKAGE}.AlterOutboundRequest`, {
  tag: text(1),
  operation: inner(2, TypedMessage),
});
const AlterOutboundResponse = message(`${PACKAGE}.AlterOutboundResponse`, {});

export const HandlerService = service(`${PACKAGE}.HandlerService`, {
  AddInbound: unary(AddInboundRequest, AddInboundResponse),
  RemoveInbound: unary(RemoveInboundRequest, RemoveInboundResponse),
  AlterInbound: unary(AlterInboundRequest, AlterInboundResponse),
  AddOutbound: unary(AddOutboundRequest, AddOutboundResponse),
  RemoveOutbound: unary(RemoveOutboundRequest, RemoveOutboundResponse),
  AlterOutbound: unary(AlterOutboundRequest, AlterOutboundResponse),
});

export const proxymanFile: ProtoFile = {
  name: 'app/proxyman/command/command.proto',
  package: PACKAGE,
  messages: [
    AddUserOperation,
    RemoveUserOperation,
    AddInboundRequest,
    AddInboundResponse,
    RemoveInboundRequest,
    RemoveInboundResponse,
    AlterInboundRequest,
    AlterInboundResponse,
    AddOutboundRequest,
    AddOutboundResponse,
    RemoveOutboundRequest,
    RemoveOutboundResponse,
    AlterOutboundRequest,
    AlterOutboundResponse,
  ],
  services: [HandlerService],
};
