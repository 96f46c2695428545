import type { IncomingMessage } from 'node:http';
import { BODY_INVALID, HttpRefusal } from './reply.js';

/** What any of the requests needs, many times over; a whole configuration is not taken by this way. */
const MAX_BODY = 256 * 1024;

/** The JSON object that a request carries; an empty one for no body. @throws HttpRefusal */
export async function readJsonObject(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY) throw new HttpRefusal(413, 'Body too large');
    chunks.push(chunk);
  }
  if (length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new HttpRefusal(400, BODY_INVALID);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new HttpRefusal(400, BODY_INVALID);
  return value as Readonly<Record<string, unknown>>;
}
