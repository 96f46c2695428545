import { SluiceError } from '@sluice/plugin-api';
import type { InboundHandlerConfig, OutboundHandlerConfig, User } from '../protos/shared.js';
import { v2rayName } from '../protos/xray.js';
import type { Decoded } from '../wire/message.js';
import { jsonIn } from './json.js';
import { protocols } from './protocols.js';
import { receiver } from './receiver.js';
import { sender } from './sender.js';
import { translationOf, type Json, type Translation, type Typed } from './translation.js';

/** An entry of `inbounds`. @throws SluiceError E_CONFIG_INVALID, E_UNSUPPORTED, E_PROTOCOL */
export function inboundEntry(config: Decoded<typeof InboundHandlerConfig>): Json {
  return entry(config.tag, config.receiverSettings, receiver, config.proxySettings, 'inbound');
}

/** An entry of `outbounds`. @throws SluiceError E_CONFIG_INVALID, E_UNSUPPORTED, E_PROTOCOL */
export function outboundEntry(config: Decoded<typeof OutboundHandlerConfig>): Json {
  return entry(config.tag, config.senderSettings, sender, config.proxySettings, 'outbound');
}

/**
 * An entry of an inbound's list of users.
 * @param protocol the inbound's, as far as there is one
 * @throws SluiceError E_CONFIG_INVALID, E_UNSUPPORTED, E_PROTOCOL
 */
export function userEntry({ account, ...user }: Decoded<typeof User>, protocol: string | undefined): Json {
  if (account === undefined) throw new SluiceError('E_CONFIG_INVALID', 'the user has no account');
  const json = jsonIn(account);
  if (json !== undefined) return json;
  const accounts = protocols.flatMap((one) => (one.account ? [{ ...one.account, protocol: one.protocol }] : []));
  // Accounts look the same in Xray; its handlers' settings do not.
  const found = translationOf(accounts, { ...account, type: v2rayName(account.type) });
  if (protocol !== undefined && protocol !== found.protocol) {
    throw new SluiceError('E_CONFIG_INVALID', `an account of ${found.protocol} is none of ${protocol}`);
  }
  return found.toJson(account.value, user);
}

function entry(
  tag: string,
  around: Typed | undefined,
  aroundTranslation: Translation,
  proxy: Typed | undefined,
  kind: 'inbound' | 'outbound',
): Json {
  if (proxy === undefined) throw new SluiceError('E_CONFIG_INVALID', `the ${kind} has no proxy_settings`);
  const outer = around === undefined ? {} : translationOf([aroundTranslation], around).toJson(around.value);
  const named = tag === '' ? {} : { tag };
  const json = jsonIn(proxy);
  if (json !== undefined) return { ...json, ...outer, ...named };
  const known = protocols.flatMap((one) => (one[kind] ? [{ ...one[kind], protocol: one.protocol }] : []));
  const found = translationOf(known, proxy);
  return { ...named, protocol: found.protocol, ...outer, settings: found.toJson(proxy.value) };
}
