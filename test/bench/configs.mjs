/** The configurations, in V2Ray's JSON: both subjects are given the very same. */
import { manyRules } from './rules.mjs';

/** The secret of the MTProto sample. */
export const SECRET = 'b0cbcef5a486d9636472ac27f8e11a9d';
/** What clients in fake TLS ask for. */
export const SERVER_NAME = 'www.example.com';

const LOG = { loglevel: 'none', access: 'none' };
const FREEDOM = { tag: 'direct', protocol: 'freedom', settings: {} };

/**
 * @param {number} port
 * @param {number} target
 */
export function dokodemoConfig(port, target) {
  const settings = { address: '127.0.0.1', port: target, network: 'tcp' };
  return {
    log: LOG,
    inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'dokodemo-door', settings }],
    outbounds: [FREEDOM],
  };
}

/** @param {number} port */
export function socksConfig(port) {
  return {
    log: LOG,
    inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'socks', settings: { auth: 'noauth' } }],
    outbounds: [FREEDOM],
  };
}

/** Who comes by {@link socksAccountConfig}. */
export const ACCOUNT = { user: 'ann', pass: 'a password' };

/** @param {number} port */
export function socksAccountConfig(port) {
  const settings = { auth: 'password', accounts: [ACCOUNT] };
  return {
    log: LOG,
    inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'socks', settings }],
    outbounds: [FREEDOM],
  };
}

/** How many rules stand before the one that connections meet. */
const RULES = 999;

/**
 * The same with every counter, time limits of its own and a thousand rules, of which the last is met.
 * @template {object} T
 * @param {T} config
 */
export function withFeatures(config) {
  const level = { handshake: 10, connIdle: 600, uplinkOnly: 5, downlinkOnly: 5 };
  const last = { type: 'field', network: 'tcp', outboundTag: FREEDOM.tag };
  return {
    ...config,
    stats: {},
    policy: {
      levels: { 0: { ...level, statsUserUplink: true, statsUserDownlink: true } },
      system: {
        statsInboundUplink: true,
        statsInboundDownlink: true,
        statsOutboundUplink: true,
        statsOutboundDownlink: true,
      },
    },
    routing: { rules: [...manyRules(RULES, FREEDOM.tag), last] },
  };
}

/**
 * The same with what clients say first looked at.
 * @template {{inbounds: object[]}} T
 * @param {T} config
 */
export function withSniffing(config) {
  const sniffing = { enabled: true, destOverride: ['http', 'tls'] };
  return { ...config, inbounds: config.inbounds.map((inbound) => ({ ...inbound, sniffing })) };
}

/**
 * @param {number} port
 * @param {number} dataCenter the port that stands for every Telegram data centre
 * @param {string[]} secrets of one user each
 */
export function mtprotoConfig(port, dataCenter, secrets = [SECRET]) {
  const settings = { users: secrets.map((secret) => ({ secret })) };
  return {
    log: LOG,
    inbounds: [{ tag: 'tg-in', listen: '127.0.0.1', port, protocol: 'mtproto', settings }],
    outbounds: [
      FREEDOM,
      { tag: 'tg-out', protocol: 'mtproto', settings: {}, proxySettings: { tag: 'to-dc' } },
      { tag: 'to-dc', protocol: 'freedom', settings: { redirect: `127.0.0.1:${dataCenter}` } },
    ],
    routing: { rules: [{ type: 'field', inboundTag: ['tg-in'], outboundTag: 'tg-out' }] },
  };
}

/** How fake TLS is told to clients and to Sluice: a plain secret, and the name. @param {string} secret */
export function tlsSecret(secret) {
  return `ee${secret}${Buffer.from(SERVER_NAME).toString('hex')}`;
}
