import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInstance } from '@sluice/core';
import freedom from '@sluice/plugin-freedom';
import mtproto from '@sluice/plugin-mtproto';
import { expect, it } from 'vitest';
import { freePort } from '../peers/process.js';

it('says of a client in its handshake that the instance closes, not that it was late', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-closing-'));
  let connections = 0;
  const site = net.createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).resume();
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const access = join(folder, 'access.log');
  const port = await freePort();
  const settings = {
    users: [{ secret: `ee00112233445566778899aabbccddeeff${Buffer.from('a.example').toString('hex')}` }],
    fronting: { host: `127.0.0.1:${(site.address() as net.AddressInfo).port}` },
  };
  const instance = createInstance(
    {
      log: { access },
      inbounds: [{ tag: 'in', listen: '127.0.0.1', port, protocol: 'mtproto', settings }],
      outbounds: [{ tag: 'out', protocol: 'freedom', settings: {} }],
    },
    { plugins: [mtproto, freedom] },
  );
  try {
    await instance.start();
    // The measurement's connection comes with the start; the next one is that beside the client.
    if (connections === 0) await once(site, 'connection');
    const beside = once(site, 'connection');
    const client = net.connect(port, '127.0.0.1').on('error', () => undefined);
    const closed = once(client, 'close');
    client.write(Buffer.from('1603010200', 'hex'));
    await beside;
    await instance.close();
    await closed;
    await expect.poll(() => readFile(access, 'utf8')).toContain('E_CLOSING');
    expect(await readFile(access, 'utf8')).not.toContain('E_HANDSHAKE_TIMEOUT');
  } finally {
    await instance.close();
    site.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 20_000);
