import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from './certificates.js';
import { freePort, startProcess, type PeerProcess } from './process.js';
import { temporaryFolder } from './temporary.js';

export interface UnboundOptions {
  /** Lines of a zone file: "a.example. 300 IN A 192.0.2.1". Their zone is `example.`, and nothing else is known. */
  readonly records: readonly string[];
  /** Default: free ports. */
  readonly port?: number;
  readonly tlsPort?: number;
  readonly httpsPort?: number;
  /** With one it speaks DNS over TLS and over HTTPS, too. */
  readonly certificate?: Certificate;
}

export interface Unbound extends PeerProcess {
  /** UDP and TCP on 127.0.0.1. */
  readonly port: number;
  readonly tlsPort: number;
  readonly httpsPort: number;
  /** What it was asked, in order: "a.example A". */
  asked(): string[];
}

/** A real unbound on free loopback ports that knows its own records and asks nobody. */
export async function startUnbound({ records, certificate, ...options }: UnboundOptions): Promise<Unbound> {
  const host = '127.0.0.1';
  const port = options.port ?? (await freePort(host));
  const tlsPort = options.tlsPort ?? (await freePort(host));
  const httpsPort = options.httpsPort ?? (await freePort(host));
  const folder = await temporaryFolder('unbound');
  const ports = certificate === undefined ? [port] : [port, tlsPort, httpsPort];
  const config = [
    'server:',
    ...ports.map((one) => `interface: ${host}@${one}`),
    ...[
      'do-daemonize: no',
      'username: ""',
      'chroot: ""',
      'pidfile: ""',
      'use-syslog: no',
      `directory: "${folder.path}"`,
    ],
    ...[
      'num-threads: 1',
      'log-queries: yes',
      'verbosity: 1',
      'module-config: "iterator"',
      'do-not-query-localhost: no',
    ],
    // A packet of a network, whatever the loopback would take.
    ...['max-udp-size: 4096', 'local-zone: "." refuse', 'local-zone: "example." static', 'minimal-responses: yes'],
    'local-data: "example. 60 IN SOA ns.example. host.example. 1 3600 600 86400 60"',
    ...records.map((record) => `local-data: '${record}'`),
    ...(certificate === undefined
      ? []
      : [
          `tls-service-key: "${certificate.key}"`,
          `tls-service-pem: "${certificate.certificate}"`,
          ...[`tls-port: ${tlsPort}`, `https-port: ${httpsPort}`],
        ]),
    'remote-control:',
    'control-enable: no',
  ].join('\n');
  try {
    const file = join(folder.path, 'unbound.conf');
    await writeFile(file, `${config}\n`);
    const peer = await startProcess('unbound', ['-d', '-p', '-c', file], {
      ready: ports.map((one) => ({ host, port: one })),
    });
    return {
      ...peer,
      pid: peer.pid,
      port,
      tlsPort,
      httpsPort,
      asked: () =>
        [...peer.output().matchAll(/ info: 127\.0\.0\.1 (\S+)\. (\S+) IN$/gm)].map(
          ([, name = '', type = '']) => `${name.toLowerCase()} ${type}`,
        ),
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
