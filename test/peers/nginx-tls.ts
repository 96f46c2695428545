import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from './certificates.js';
import { runNginx } from './nginx.js';
import { freePort, type PeerProcess } from './process.js';
import { temporaryFolder } from './temporary.js';

export interface TlsSite {
  readonly name: string;
  readonly certificate: Certificate;
}

export interface TlsNginxOptions {
  /** By SNI. The first answers for unknown names and for none. Each has a page whose title is its name. */
  readonly sites: readonly [TlsSite, ...TlsSite[]];
  /** How long nginx waits for a handshake or a request, and keeps a quiet connection; in seconds, default 60. */
  readonly patience?: number;
  /** How many connections it takes. Default 4096. */
  readonly connections?: number;
}

/**
 * nginx with TLS 1.2 and 1.3, HTTP/1.1 and h2. Every site has `/` (its page), `/conn` (number of the connection and of
 * its requests), `/client` (the client's address by the PROXY protocol), `/listener` (where the connection came in), `/files/` (GET and
 * PUT; see `folderOf`).
 */
export interface TlsNginx extends PeerProcess {
  readonly host: string;
  readonly port: number;
  /** The same sites once more. */
  readonly secondPort: number;
  /** The same sites for clients that start with a PROXY protocol header. */
  readonly proxyProtocolPort: number;
  /** The same sites on a Unix socket. */
  readonly unixPath: string;
  /** Where a site's `/files/` are. */
  folderOf(name: string): string;
  /** Connections open now, by its own count, without the one that asks. */
  open(): Promise<number>;
}

export async function startTlsNginx(options: TlsNginxOptions): Promise<TlsNginx> {
  const host = '127.0.0.1';
  const [port, secondPort, proxyProtocolPort, statusPort] = await fourPorts();
  const folder = await temporaryFolder('sites');
  const unixPath = join(folder.path, 'nginx.sock');
  const folderOf = (name: string): string => join(folder.path, name, 'files');
  const patience = options.patience ?? 60;
  for (const { name } of options.sites) {
    await mkdir(folderOf(name), { recursive: true });
    await writeFile(join(folder.path, name, 'index.html'), `<!doctype html><title>${name}</title><h1>Welcome</h1>\n`);
  }
  const sites = options.sites.map(({ name, certificate }, i) => {
    const isDefault = i === 0 ? 'default_server' : '';
    return `server {
      listen ${host}:${port} ssl http2 ${isDefault};
      listen ${host}:${secondPort} ssl http2 ${isDefault};
      listen ${host}:${proxyProtocolPort} ssl http2 proxy_protocol ${isDefault};
      listen unix:${unixPath} ssl http2 ${isDefault};
      server_name ${name};
      ssl_certificate ${certificate.certificate};
      ssl_certificate_key ${certificate.key};
      root ${join(folder.path, name)};
      location = /conn { return 200 "$connection $connection_requests\\n"; }
      location = /client { return 200 "$proxy_protocol_addr $proxy_protocol_port\\n"; }
      location = /listener { return 200 "$server_addr:$server_port\n"; }
      location /files/ { dav_methods PUT; }
    }`;
  });
  const http = `
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_timeout 1h;
    client_header_timeout ${patience}s;
    client_body_timeout ${patience}s;
    keepalive_timeout ${patience}s;
    ${sites.join('\n')}
    server { listen ${host}:${statusPort}; location = /status { stub_status; } }`;
  try {
    const ready = [port, statusPort].map((number) => ({ host, port: number }));
    const peer = await runNginx(http, ready, options.connections ?? 4096);
    return {
      ...peer,
      pid: peer.pid,
      host,
      port,
      secondPort,
      proxyProtocolPort,
      unixPath,
      folderOf,
      async open() {
        const status = await fetch(`http://${host}:${statusPort}/status`, { headers: { connection: 'close' } });
        return Number(/Active connections: (\d+)/.exec(await status.text())?.[1]) - 1;
      },
      async close() {
        await peer.close();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function fourPorts(): Promise<[number, number, number, number]> {
  return Promise.all([freePort(), freePort(), freePort(), freePort()]);
}
