/** Numbers of TLS 1.3 (RFC 8446) that both sides of the disguise need. */

export const RECORD_HEADER = 5;
/** The most a record's payload may be long (section 5.1). */
export const MAX_PLAINTEXT = 16_384;
/** The same for an encrypted record (section 5.2). */
export const MAX_CIPHERTEXT = MAX_PLAINTEXT + 256;

export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export const HandshakeType = { clientHello: 1, serverHello: 2 } as const;
export const HANDSHAKE_HEADER = 4;
export const RANDOM_LENGTH = 32;
/** Where a hello's random lies in its record: behind both headers and the version. */
export const RANDOM_AT = RECORD_HEADER + HANDSHAKE_HEADER + 2;

export const ExtensionType = {
  serverName: 0,
  supportedGroups: 10,
  alpn: 16,
  supportedVersions: 43,
  keyShare: 51,
} as const;

export const TLS_1_2 = 0x0303;
export const TLS_1_3 = 0x0304;

export const NamedGroup = {
  x25519: 0x001d,
  /** draft-ietf-tls-ecdhe-mlkem: what browsers offer first. */
  x25519MlKem768: 0x11ec,
} as const;

/** Bytes of a key share of X25519. */
export const X25519_LENGTH = 32;
/** Bytes of a server's share of X25519MLKEM768: a ciphertext of ML-KEM-768, then an X25519 share. */
export const MLKEM_CIPHERTEXT_LENGTH = 1088;
/** Bytes of a client's share of X25519MLKEM768: an encapsulation key of ML-KEM-768, then an X25519 share. */
export const MLKEM_CLIENT_SHARE_LENGTH = 1216;

/** TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 (section B.4). */
export const TLS_1_3_SUITES: readonly number[] = [0x1301, 0x1302, 0x1303];
