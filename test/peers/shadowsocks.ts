import { freePort, startProcess, type PeerProcess } from './process.js';

/** What both ends of Shadowsocks must have in common. */
export interface ShadowsocksSecret {
  readonly method: string;
  readonly password: string;
}

export interface ShadowsocksPeer extends PeerProcess {
  /** Where it listens, on 127.0.0.1, TCP and UDP. */
  readonly port: number;
}

const argsOf = ({ method, password }: ShadowsocksSecret): string[] => ['-m', method, '-k', password, '-u', '-v'];

async function start(
  binary: string,
  portFlag: '-p' | '-l',
  secret: ShadowsocksSecret,
  args: readonly string[],
): Promise<ShadowsocksPeer> {
  const port = await freePort();
  const all = [...argsOf(secret), portFlag, String(port), ...args];
  const peer = await startProcess(binary, all, { ready: [{ host: '127.0.0.1', port }] });
  // A getter does not survive the spread.
  return { ...peer, pid: peer.pid, port };
}

/** shadowsocks-libev's server, TCP and UDP. */
export function startSsServer(secret: ShadowsocksSecret): Promise<ShadowsocksPeer> {
  return start('ss-server', '-p', secret, ['-s', '127.0.0.1']);
}

/** Its SOCKS 5 server, which leads through the Shadowsocks server at that port of 127.0.0.1. */
export function startSsLocal(secret: ShadowsocksSecret, server: number): Promise<ShadowsocksPeer> {
  return start('ss-local', '-l', secret, ['-s', '127.0.0.1', '-p', String(server), '-b', '127.0.0.1']);
}

/** Its port that leads to one target through the Shadowsocks server at that port, TCP and UDP. */
export function startSsTunnel(secret: ShadowsocksSecret, server: number, target: number): Promise<ShadowsocksPeer> {
  const way = ['-s', '127.0.0.1', '-p', String(server), '-L', `127.0.0.1:${target}`];
  return start('ss-tunnel', '-l', secret, [...way, '-b', '127.0.0.1']);
}
