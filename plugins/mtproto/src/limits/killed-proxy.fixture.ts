import { Buffer } from 'node:buffer';
import type net from 'node:net';
import { parseSecret } from '../secret.js';
import type { LimitSettings } from './limit-settings.js';
import { startLimitedProxy } from './limited-proxy.fixture.js';

/** What the process is told as its only argument. */
export interface KilledProxyOrder {
  readonly usageFile: string;
  readonly users: readonly { readonly secret: string; readonly limits: LimitSettings }[];
}

/**
 * A program: a proxy that prints its port and runs until it is killed. Its target answers every
 * number, four bytes long, with that many bytes.
 */
async function main({ usageFile, users }: KilledProxyOrder): Promise<never> {
  const secrets = users.map(({ secret }) => {
    const parsed = parseSecret(secret);
    if (typeof parsed === 'string') throw new Error(parsed);
    return parsed;
  });
  const proxy = await startLimitedProxy(
    users.map(({ limits }) => limits),
    { secrets, usageFile },
  );
  process.stdout.write(`${proxy.host.port}\n`);
  for (;;) answer(await proxy.nextAtTarget());
}

function answer(socket: net.Socket): void {
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at + 4 <= chunk.length; at += 4) socket.write(Buffer.alloc(chunk.readUInt32BE(at)));
  });
}

await main(JSON.parse(process.argv[2] ?? '') as KilledProxyOrder);
