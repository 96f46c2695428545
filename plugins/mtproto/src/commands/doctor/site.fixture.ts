import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { promisify } from 'node:util';

export interface Certificate {
  /** PEM; its own authority. */
  readonly certificate: string;
  readonly key: string;
}

/** By the machine's own openssl. */
export async function makeCertificate(name: string, days: number): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'site-'));
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', certificate],
    ]);
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface Site {
  readonly address: string;
  /** The names that hellos asked for. */
  readonly names: readonly (string | undefined)[];
  close(): Promise<void>;
}

/** A web site on loopback. @param seconds by which its clock is ahead */
export async function startSite(
  { certificate, key }: Certificate,
  options: TlsOptions & { readonly seconds?: number; readonly path?: string } = {},
): Promise<Site> {
  const { seconds = 0, path, ...rest } = options;
  const names: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = https.createServer(
    {
      cert: certificate,
      key,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
      ...rest,
    },
    (_, response) => {
      response.setHeader('date', new Date(Date.now() + seconds * 1000).toUTCString());
      response.end();
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // Half of the visits break off after the hello.
  server.on('tlsClientError', () => undefined);
  server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path });
  await once(server, 'listening');
  return {
    address: path ?? `127.0.0.1:${(server.address() as AddressInfo).port}`,
    names,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
