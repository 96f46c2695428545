/** A frame is `length u32 | sequence number i32 | body | CRC32 of all before it`, little-endian; the length counts all of it. */
export const BODY_OFFSET = 8;
export const CRC_LENGTH = 4;
export const FRAME_OVERHEAD = BODY_OFFSET + CRC_LENGTH;

/** Bodies are made of words. */
export const WORD = 4;

/** A word with this value stands between frames where the cipher's block has to be filled up. */
export const FILLER = 4;

export const CIPHER_BLOCK = 16;

/** The sequence number of either side's first frame. */
export const FIRST_SEQUENCE = -2;

/** Nonces and handshakes: every frame until the connection is ready has a body of this length, or a shorter one. */
export const HANDSHAKE_BODY = 32;

/**
 * The longest frame that is taken, in bytes. A file comes in parts of at most 1 MiB and no
 * client takes a message of 16 MiB, so nothing that is meant for one is longer.
 */
export const MAX_FRAME = 16 * 1024 * 1024;
