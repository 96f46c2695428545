import { Buffer } from 'node:buffer';
import type { HandshakeReader } from '@sluice/plugin-api';
import type { Parsed } from './address.js';

/**
 * Reads one message; what follows it stays in the reader.
 * @throws SluiceError of the parser, or E_CONN_CLOSED, E_CONN_RESET
 */
export async function readMessage<T>(reader: HandshakeReader, parse: (bytes: Buffer) => Parsed<T> | null): Promise<T> {
  let bytes = await reader.readSome();
  for (;;) {
    const parsed = parse(bytes);
    if (parsed !== null) {
      if (parsed.length < bytes.length) reader.unread(bytes.subarray(parsed.length));
      return parsed.value;
    }
    // Parsers decide within some hundred bytes, so this copies little and ends.
    bytes = Buffer.concat([bytes, await reader.readSome()]);
  }
}
