import { mtprotoConfig, SECRET, SERVER_NAME, tlsSecret } from '../configs.mjs';

/** @typedef {import('../subjects.mjs').Subject} Subject */

/**
 * How clients come to a subject: V2Ray knows no fake TLS, so it is measured with the plain mode beside ours.
 * @typedef {object} Mode
 * @property {string} name of works
 * @property {string} title
 * @property {(subject: Subject | undefined) => boolean} inTls without a subject: what the ceiling is taken in
 */

/** @type {Mode} */
export const PLAIN = { name: 'mtproto', title: 'mtproto', inTls: () => false };
/** @type {Mode} */
export const FAKE_TLS = {
  name: 'mtproto-tls',
  title: 'mtproto in fake TLS (V2Ray: plain)',
  inTls: (subject) => subject?.name !== 'v2ray',
};

/**
 * @param {Mode} mode
 * @param {number} dataCenterPort
 * @returns {(port: number, subject: Subject) => unknown}
 */
export function configOf(mode, dataCenterPort) {
  return (port, subject) => mtprotoConfig(port, dataCenterPort, [mode.inTls(subject) ? tlsSecret(SECRET) : SECRET]);
}

/**
 * What the clients' generator has to know.
 * @param {Mode} mode
 * @param {Subject} [subject]
 */
export function clientOf(mode, subject) {
  return { secrets: [SECRET], ...(mode.inTls(subject) ? { serverName: SERVER_NAME } : undefined) };
}
