import type { HandshakeReader } from '@sluice/plugin-api';

/** Of a stranger's bytes so many are read and thrown away before the connection is closed. */
const MAX_DISCARDED = 1024 * 1024;

/**
 * Reads on without an answer until the peer ends, the runtime's handshake time is up or the peer has sent
 * too much. So nobody learns from when the connection ends how many bytes the protocol has waited for.
 */
export async function readInSilence(reader: HandshakeReader): Promise<void> {
  let discarded = 0;
  try {
    while (discarded < MAX_DISCARDED) discarded += (await reader.readSome()).length;
  } catch {
    // However it ended: the reason that counts is why the client was not let in.
  }
}
