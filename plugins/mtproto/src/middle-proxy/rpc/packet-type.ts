/** The first word of a frame's body. */
export const packetType = {
  nonce: 0x7acb87aa,
  handshake: 0x7682eef5,
  handshakeError: 0x6a27beda,
  ping: 0x5730a2df,
  pong: 0x8430eaa7,
  proxyRequest: 0x36cef1ee,
  proxyAnswer: 0x4403da0d,
  simpleAck: 0x3bac409b,
  closeExternal: 0x5eb634a2,
  closeConnection: 0x1fcf425d,
} as const;
