import { SluiceError, type Control, type Logger } from '@sluice/plugin-api';
import { AddUserOperation, HandlerService, RemoveUserOperation } from '../protos/proxyman.js';
import { decode } from '../protos/registry.js';
import type { TypedMessage } from '../protos/shared.js';
import { v2rayName } from '../protos/xray.js';
import { served, type ServedService } from '../server/served-service.js';
import { inboundEntry, outboundEntry, userEntry } from '../typed-messages/entries.js';
import type { Json } from '../typed-messages/translation.js';
import type { Decoded } from '../wire/message.js';

/** Adds, removes and alters handlers and users. Every change is a line in the log. */
export function handlerService(control: Control, logger: Logger): ServedService {
  const alterInbound = (tag: string, operation: Decoded<typeof TypedMessage>): void => {
    switch (v2rayName(operation.type)) {
      case AddUserOperation.typeName: {
        const { user } = decode(AddUserOperation, operation.value);
        if (user === undefined) throw new SluiceError('E_PROTOCOL', 'the operation names no user');
        const view = control.inbounds().find((inbound) => inbound.tag === tag);
        const entry = userEntry(user, view?.protocol);
        control.addUser(tag, entry);
        logger.info(`user ${nameIn(entry)} added to ${quoted(tag)}`);
        return;
      }
      case RemoveUserOperation.typeName: {
        const { email } = decode(RemoveUserOperation, operation.value);
        const ended = control.removeUser(tag, email);
        logger.info(`user ${quoted(email)} removed from ${quoted(tag)}, connections ended: ${ended}`);
        return;
      }
      default:
        throw new SluiceError('E_UNSUPPORTED', `there is no operation ${quoted(operation.type)}`);
    }
  };
  return served(HandlerService, {
    AddInbound: async ({ inbound }) => {
      const entry = inboundEntry(required(inbound, 'inbound'));
      await control.addInbound(entry);
      logger.info(`inbound ${quotedTag(entry)} added`);
      return {};
    },
    RemoveInbound: async ({ tag }) => {
      await control.removeInbound(tag);
      logger.info(`inbound ${quoted(tag)} removed`);
      return {};
    },
    AlterInbound: ({ tag, operation }) => {
      alterInbound(tag, required(operation, 'operation'));
      return {};
    },
    AddOutbound: async ({ outbound }) => {
      const entry = outboundEntry(required(outbound, 'outbound'));
      await control.addOutbound(entry);
      logger.info(`outbound ${quotedTag(entry)} added`);
      return {};
    },
    RemoveOutbound: async ({ tag }) => {
      await control.removeOutbound(tag);
      logger.info(`outbound ${quoted(tag)} removed`);
      return {};
    },
    AlterOutbound: ({ tag, operation }) => {
      if (!control.outbounds().some((outbound) => outbound.tag === tag)) {
        throw new SluiceError('E_NOT_FOUND', `there is no outbound ${quoted(tag)}`);
      }
      // V2Ray has the method and no operation for it.
      throw new SluiceError('E_UNSUPPORTED', `there is no operation ${quoted(operation?.type ?? '')} for outbounds`);
    },
  });
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new SluiceError('E_PROTOCOL', `the request has no ${name}`);
  return value;
}

/** What a user is known by, in any protocol: all else in the entry may be a secret. */
function nameIn({ email, user }: Json): string {
  const name = email ?? user;
  return typeof name === 'string' ? quoted(name) : '(without a name)';
}

function quotedTag({ tag }: Json): string {
  return typeof tag === 'string' ? quoted(tag) : '(without a tag)';
}

/** A name as a client sent it, for a log line or an answer. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 256));
}
