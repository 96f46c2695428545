import { freePort, startProcess, type PeerProcess } from './process.js';

export interface Dnsmasq extends PeerProcess {
  /** UDP and TCP on 127.0.0.1. */
  readonly port: number;
  /** What it was asked, in order: "a.example A". */
  asked(): string[];
}

/**
 * A real dnsmasq on a free loopback port that asks nobody.
 * @param args its records, such as "--host-record=a.example,192.0.2.1"
 */
export async function startDnsmasq(args: readonly string[]): Promise<Dnsmasq> {
  const host = '127.0.0.1';
  const port = await freePort(host);
  const peer = await startProcess(
    'dnsmasq',
    [
      ...['--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-interfaces'],
      ...[`--listen-address=${host}`, `--port=${port}`, '--pid-file=', '--local=/example/', '--local-ttl=60'],
      ...['--log-queries', '--log-facility=-', `--user=${process.getuid?.() === 0 ? 'root' : ''}`, ...args],
    ],
    { ready: [{ host, port }] },
  );
  return {
    ...peer,
    pid: peer.pid,
    port,
    asked: () =>
      [...peer.output().matchAll(/query\[(\S+)\] (\S+) from /g)].map(
        ([, type = '', name = '']) => `${name.toLowerCase()} ${type}`,
      ),
  };
}
