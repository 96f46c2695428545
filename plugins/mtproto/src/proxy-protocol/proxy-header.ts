import type { Endpoint } from '@sluice/plugin-api';

/**
 * What a PROXY protocol header says: HAProxy's "The PROXY protocol, versions 1 & 2"
 * (doc/proxy-protocol.txt, 2020/03/05).
 */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Its length in bytes; what follows is the connection's own. */
  readonly length: number;
  /**
   * The client's address and the one it connected to. Undefined where the connection's own
   * addresses hold: a health check (LOCAL), UNKNOWN, a family without IP addresses, datagrams.
   */
  readonly addresses: ProxyAddresses | undefined;
  /** What version 2 adds, in order; none of a LOCAL header. */
  readonly tlvs: readonly ProxyTlv[];
}

export interface ProxyAddresses {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** An addition of version 2: its type, see {@link tlvType}, and its bytes. */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Buffer;
}

/** Types of additions that are known here. */
export const tlvType = { authority: 0x02, crc32c: 0x03, noop: 0x04, uniqueId: 0x05 } as const;

/** How the text form begins. */
export const V1_START = Buffer.from('PROXY ', 'latin1');
/** How the binary form begins. */
export const V2_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** Signature, version and command, family and transport, length. */
export const V2_FIXED_LENGTH = 16;
