// Connects as often as it is told and holds what it has, in a process of its own: one has no room for so many sockets.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const CONCURRENCY = 100;
/** However the one who started it ends, this ends too. */
const LIFETIME_MS = 120_000;

const open = new Set();
const counts = { connected: 0, refused: 0, ended: 0, bytesBack: 0 };

const garbage = [
  () => randomBytes(1 + Math.floor(Math.random() * 4096)),
  // What looks like the start of a TLS record, with and without the rest of it.
  () => Buffer.concat([Buffer.of(0x16, 3, 1, 2, 0, 1), randomBytes(Math.floor(Math.random() * 1024))]),
  () => Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  () => Buffer.of(0x16),
];

function connectOnce({ host, port }, bytes) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress: process.env.SOURCE });
    let isConnected = false;
    socket.on('connect', () => {
      isConnected = true;
      counts.connected += 1;
      open.add(socket);
      if (bytes !== undefined) socket.write(bytes);
      resolve();
    });
    socket.on('data', (chunk) => (counts.bytesBack += chunk.length));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      if (isConnected) counts.ended += 1;
      else counts.refused += 1;
      resolve();
    });
  });
}

async function flood(target, count, kind) {
  let left = count;
  const work = async () => {
    while (left > 0) {
      const i = (left -= 1);
      await connectOnce(target, kind === 'garbage' ? garbage[i % garbage.length]() : undefined);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

async function letGo() {
  for (const socket of open) socket.destroy();
  while (open.size > 0) await sleep(10);
}

process.on('message', async ({ ask, target, count, kind }) => {
  if (ask === 'flood') await flood(target, count, kind);
  else if (ask === 'let go') await letGo();
  process.send({ ...counts, open: open.size });
});
process.on('disconnect', () => process.exit(0));
setTimeout(() => process.exit(1), LIFETIME_MS).unref();
