import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { like } from '../expected.fixture.js';
import { examinationOf, key, run } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { listeningChecks } from './listening.js';

async function told(listen: string, port: number): Promise<Finding | undefined> {
  const examination = examinationOf({ users: [{ secret: key }] }, { where: { listen, port } });
  return (await run(listeningChecks(examination), examination))[0];
}

describe('the port', () => {
  it('is in use while something listens, and free then', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    expect(await told('127.0.0.1', port)).toMatchObject({
      about: `tg-in on 127.0.0.1:${port}`,
      status: 'ok',
      seen: like(/in use/),
    });
    server.close();
    await once(server, 'close');
    expect(await told('127.0.0.1', port)).toMatchObject({ status: 'ok', seen: like(/free/) });
    // It was let go again.
    expect(await told('127.0.0.1', port)).toMatchObject({ seen: like(/free/) });
  });

  it('must be one of this machine', async () => {
    expect(await told('192.0.2.1', 1)).toMatchObject({ status: 'problem', advice: like(/NAT/) });
  });
});

describe('a Unix socket', () => {
  it('needs a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'listen-'));
    try {
      expect(await told(join(folder, 'mt.sock'), 0)).toMatchObject({ status: 'ok' });
      await chmod(folder, 0o500);
      const isRoot = process.getuid?.() === 0;
      expect(await told(join(folder, 'mt.sock'), 0)).toMatchObject({ status: isRoot ? 'ok' : 'problem' });
      expect(await told(join(folder, 'missing', 'mt.sock'), 0)).toMatchObject({
        status: 'problem',
        seen: like(/ENOENT/),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
