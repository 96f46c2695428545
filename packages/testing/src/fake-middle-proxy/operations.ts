/**
 * Numbers of the protocol between proxies and Telegram's middle proxies, as MTProxy's headers name them. All are
 * little-endian words on the wire.
 */
export const operation = {
  nonce: 0x7acb87aa,
  handshake: 0x7682eef5,
  handshakeError: 0x6a27beda,
  proxyRequest: 0x36cef1ee,
  proxyAnswer: 0x4403da0d,
  closeConnection: 0x1fcf425d,
  closeExternal: 0x5eb634a2,
  simpleAck: 0x3bac409b,
  ping: 0x5730a2df,
  pong: 0x8430eaa7,
} as const;

/** The only block that may stand between the addresses and the data of a PROXY_REQ from a TCP client. */
export const proxyTagId = 0xdb1e26ae;

/** Flags of a PROXY_REQ. */
export const requestFlag = {
  /** The message is of the key exchange: its auth_key_id is 0. */
  unencrypted: 0x2,
  /** The block with the advertising tag follows the addresses. */
  adTag: 0x8,
  /** Set by every proxy for a client over TCP. */
  tcpClient: 0x1000,
  /** The client's connection is an obfuscated2 one. */
  obfuscated: 0x2_0000,
  padded: 0x800_0000,
  intermediate: 0x2000_0000,
  abridged: 0x4000_0000,
  quickAck: 0x8000_0000,
} as const;

/** AES-256-CBC without a Diffie-Hellman exchange: the scheme that proxies ask for. */
export const aesSchema = 1;
