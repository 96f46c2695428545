import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { formatHostPort, hostType, type Endpoint } from '../address.js';
import type { Conn } from '../conn/conn.js';
import { DuplexConn } from '../conn/duplex-conn.js';
import { SocketConn } from '../conn/socket-conn.js';
import type { DataPlane } from '../data-plane.js';
import { errnoOf, SluiceError, type ErrorCode } from '../errors.js';
import { setInheritedOptions, takeHandles } from './raw-socket.js';
import { checkUnixPath, removeStaleSocket, unixPath } from './unix-path.js';
import { hostsToListenOn, isFamilyMissing } from './wildcard.js';

const BACKLOG = 4096;

/** Where to listen, and who takes what is accepted. */
export interface ListenOptions {
  /** An IP, "localhost", a Unix socket path ("/…") or an abstract one ("@…"). */
  readonly host: string;
  /** 0 lets the system choose; meaningless for Unix sockets. */
  readonly port: number;
  /** Takes the conn over: it is paused and without a sink. */
  onConn(conn: Conn): void;
  /** Accepting failed (E_ACCEPT_LIMIT when file descriptors ran out); listening goes on. */
  onAcceptError(error: SluiceError): void;
}

/** A port (or Unix socket) that is listened on. */
export interface Listener {
  readonly endpoint: Endpoint;
  /** Stops accepting; open conns stay. */
  close(): Promise<void>;
}

/**
 * Listens on TCP or a Unix socket; "0.0.0.0" takes IPv6 too, as in V2Ray.
 * @throws SluiceError E_LISTEN_IN_USE, E_LISTEN_DENIED, E_LISTEN_FAILED
 */
export async function listen(plane: DataPlane, options: ListenOptions): Promise<Listener> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const isUnix = hostType(options.host) === 'unix';
  await bind(server, options, isUnix);
  const refused = (errno: string): void => options.onAcceptError(acceptError(errno));
  server.on('error', (error) => refused(errnoOf(error) ?? 'UNKNOWN'));
  const hasRoom = (): boolean => {
    if (!plane.hasRoom) refused('EMFILE');
    return plane.hasRoom;
  };
  // Bare handles where Node gives them, whole sockets where it does not.
  const inherited = isUnix || setInheritedOptions(server, KEEP_ALIVE_MS / 1000);
  const bare = takeHandles(
    server,
    (handle) => {
      if (!hasRoom()) {
        handle.close();
        return;
      }
      const conn = SocketConn.accepted(plane, handle);
      if (!inherited) setTcpOptions(conn.socket);
      options.onConn(conn);
    },
    (status) => refused(status < 0 ? getSystemErrorName(status) : 'UNKNOWN'),
  );
  server.on('connection', (socket) => {
    if (!hasRoom()) {
      socket.destroy();
      return;
    }
    if (!isUnix) setTcpOptions(socket);
    options.onConn(new DuplexConn(plane, socket));
  });
  return {
    endpoint: endpointOf(server, options.host),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        // A server that made the sockets itself says so only when the last one is gone.
        if (!bare) setImmediate(resolve);
      }),
  };
}

async function bind(server: net.Server, options: ListenOptions, isUnix: boolean): Promise<void> {
  const { host, port } = options;
  const [first = host, fallback] = isUnix ? [host] : hostsToListenOn(host);
  const at = (address: string): net.ListenOptions =>
    isUnix ? { path: unixPath(address), backlog: BACKLOG } : { host: address, port, backlog: BACKLOG };
  if (isUnix) await checkUnixPath(host);
  try {
    await bindTo(server, at(first));
  } catch (error) {
    if (isUnix && errnoOf(error) === 'EADDRINUSE' && (await removeStaleSocket(host))) {
      return bind(server, options, isUnix);
    }
    if (fallback === undefined || !isFamilyMissing(error)) throw listenError(error as Error, options);
    await bindTo(server, at(fallback)).catch((again: unknown) => {
      throw listenError(again as Error, options);
    });
  }
}

function bindTo(server: net.Server, at: net.ListenOptions): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      server.off('listening', bound);
      reject(error);
    };
    const bound = (): void => {
      server.off('error', failed);
      resolve();
    };
    server.once('error', failed);
    server.once('listening', bound);
    server.listen(at);
  });
}

const KEEP_ALIVE_MS = 30_000;

/** No delay for small messages; dead peers are found by keep-alive. */
function setTcpOptions(socket: net.Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
}

function endpointOf(server: net.Server, host: string): Endpoint {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return { address: address.address, port: address.port };
  return { address: host, port: 0 };
}

function listenError(error: Error, options: ListenOptions): SluiceError {
  const errno = errnoOf(error);
  const where = formatHostPort(options.host, options.port);
  const codes: Record<string, [ErrorCode, string]> = {
    EADDRINUSE: ['E_LISTEN_IN_USE', `${where} is already in use`],
    EACCES: ['E_LISTEN_DENIED', `this process may not listen on ${where}`],
    EPERM: ['E_LISTEN_DENIED', `this process may not listen on ${where}`],
    EADDRNOTAVAIL: ['E_LISTEN_FAILED', `${where} is not an address of this machine`],
  };
  const known = errno === undefined ? undefined : codes[errno];
  const [code, message] = known ?? ['E_LISTEN_FAILED', `${where} could not be listened on (${errno ?? error.message})`];
  return new SluiceError(code, message, { cause: error });
}

function acceptError(errno: string): SluiceError {
  return errno === 'EMFILE' || errno === 'ENFILE'
    ? new SluiceError('E_ACCEPT_LIMIT', `no file descriptors are left (${errno}): raise the limit (ulimit -n)`)
    : new SluiceError('E_CONN_RESET', `a connection was gone before it was accepted (${errno})`);
}
