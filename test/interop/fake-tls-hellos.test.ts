import { createClientHello } from '@sluice/testing';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { pingThrough, type TelegramClient } from '../peers/telegram/ping.js';

const key = Buffer.from('b0cbcef5a486d9636472ac27f8e11a9d', 'hex');
const serverName = 'www.example.com';
const secret = `ee${key.toString('hex')}${Buffer.from(serverName).toString('hex')}`;

/** The first TLS record that a client sends under the secret. It gets no answer. */
async function helloOf(client: TelegramClient): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hello = new Promise<Buffer>((resolve) => {
    server.on('connection', (socket: Socket) => {
      let bytes = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) return;
        socket.destroy();
        resolve(bytes);
      });
    });
  });
  try {
    const ping = pingThrough(client, { host: '127.0.0.1', port, secret }, 4_000);
    const bytes = await Promise.race([hello, ping.then(({ detail }) => Promise.reject(new Error(detail)))]);
    expect((await ping).ok).toBe(false);
    return bytes;
  } finally {
    server.close();
  }
}

/** What a hello is made of, without what differs between any two. */
function outline(record: Buffer): object {
  let at = 44 + record[43]!;
  const vector = (width: 1 | 2): Buffer => {
    const start = at + width;
    at = start + record.readUIntBE(at, width);
    return record.subarray(start, at);
  };
  const suites = words(vector(2));
  const compressions = vector(1).toString('hex');
  const end = at + 2 + record.readUInt16BE(at);
  const extensions = new Map<string, string>();
  for (at += 2; at < end;) {
    const type = at;
    at += 2;
    const body = vector(2);
    extensions.set(words(record.subarray(type, type + 2))[0]!, describeBody(record.readUInt16BE(type), body));
  }
  return {
    start: record.toString('hex', 0, 3) + record.toString('hex', 5, 7) + record.toString('hex', 9, 11),
    recordFits: record.readUInt16BE(3) === record.length - 5 && record.readUIntBE(6, 3) === record.length - 9,
    endFits: at === end && end === record.length,
    sessionId: record[43],
    suites,
    compressions,
    // The first and the last are of GREASE; between them chance decides.
    first: [...extensions.keys()][0],
    extensions: Object.fromEntries([...extensions].sort()),
    count: extensions.size,
  };
}

function describeBody(type: number, body: Buffer): string {
  // Supported groups, supported versions: the GREASE in them differs.
  if (type === 10) return words(body.subarray(2)).join();
  if (type === 43) return words(body.subarray(1)).join();
  // Encrypted Client Hello: its payload has one of several lengths.
  if (type === 0xfe0d) return `${body.toString('hex', 0, 5)}, ${body.readUInt16BE(6)}, ${(body.length - 42) % 32}`;
  if (type !== 51) return body.toString('hex');
  const shares: string[] = [];
  for (let at = 2; at < body.length; at += 4 + body.readUInt16BE(at + 2)) {
    shares.push(`${words(body.subarray(at, at + 2)).join()}: ${body.readUInt16BE(at + 2)}`);
  }
  return shares.join();
}

/** Two bytes each, in hex; GREASE by that name. */
function words(bytes: Buffer): string[] {
  return (bytes.toString('hex').match(/.{4}/g) ?? []).map((word) => word.replace(/^(.a)\1$/, 'GREASE'));
}

describe.each(['tdlib', 'mtcute'] as const)('the TLS hello of %s', (client) => {
  it("is of the kind that the test client's is, and proves the secret in the same way", async () => {
    const theirs = await helloOf(client);
    const ours = createClientHello({ key, serverName }).record;
    expect(outline(ours)).toEqual(outline(theirs));
    // They differ in the length of one payload.
    expect(Math.abs(ours.length - theirs.length)).toBeLessThanOrEqual(96);
    for (const record of [theirs, ours]) {
      const digest = createHmac('sha256', key)
        .update(Buffer.from(record).fill(0, 11, 43))
        .digest();
      expect(record.subarray(11, 39)).toEqual(digest.subarray(0, 28));
      const time = (record.readUInt32LE(39) ^ digest.readUInt32LE(28)) >>> 0;
      expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
    }
  });
});
