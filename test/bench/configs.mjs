/** The configurations, in V2Ray's JSON: both subjects are given the very same. */

/** The secret of the MTProto sample. */
export const SECRET = 'b0cbcef5a486d9636472ac27f8e11a9d';

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

/**
 * @param {number} port
 * @param {number} dataCenter the port that stands for every Telegram data centre
 */
export function mtprotoConfig(port, dataCenter) {
  return {
    log: LOG,
    inbounds: [
      { tag: 'tg-in', listen: '127.0.0.1', port, protocol: 'mtproto', settings: { users: [{ secret: SECRET }] } },
    ],
    outbounds: [
      FREEDOM,
      { tag: 'tg-out', protocol: 'mtproto', settings: {}, proxySettings: { tag: 'to-dc' } },
      { tag: 'to-dc', protocol: 'freedom', settings: { redirect: `127.0.0.1:${dataCenter}` } },
    ],
    routing: { rules: [{ type: 'field', inboundTag: ['tg-in'], outboundTag: 'tg-out' }] },
  };
}
