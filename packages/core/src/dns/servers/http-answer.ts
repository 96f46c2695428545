import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { SluiceError, toSluiceError } from '@sluice/plugin-api';
import { HEADER_BYTES } from '../wire/message.js';
import { givenUp } from './reach.js';

/** The longest DNS message. */
const MAX_ANSWER = 65_535;

/** A promise that an abort rejects; what `start` returns is called in the end. @throws SluiceError E_DNS_FAILED */
export async function collected(
  signal: AbortSignal,
  start: (resolve: (bytes: Buffer) => void, reject: (error: Error) => void) => () => void,
): Promise<Buffer> {
  let end: () => void = () => undefined;
  let onAbort: () => void = () => undefined;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      onAbort = (): void => reject(givenUp());
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      end = start(resolve, (error) => reject(toSluiceError(error, 'E_DNS_FAILED')));
    });
  } catch (error) {
    throw toSluiceError(error, 'E_DNS_FAILED');
  } finally {
    signal.removeEventListener('abort', onAbort);
    end();
  }
}

/** The body of an answer by HTTP, if it can be a DNS message. */
export function readBody(
  from: Readable,
  status: number,
  resolve: (bytes: Buffer) => void,
  reject: (error: Error) => void,
): void {
  if (status !== 200) {
    reject(new SluiceError('E_DNS_FAILED', `the DNS server answered with HTTP status ${status}`));
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  from.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER) reject(new SluiceError('E_DNS_FAILED', 'the answer is longer than a DNS message'));
    else chunks.push(chunk);
  });
  from.on('end', () => {
    if (size < HEADER_BYTES) reject(new SluiceError('E_DNS_FAILED', 'the answer is no DNS message'));
    else resolve(Buffer.concat(chunks));
  });
  from.on('error', reject);
  from.on('close', () => reject(new SluiceError('E_DNS_FAILED', 'the DNS server cut its answer off')));
}
