import type { Buffer } from 'node:buffer';
import dgram from 'node:dgram';
import { isIPv6 } from 'node:net';
import { unmapIPv4, type Endpoint } from '../address.js';
import { errnoOf, SluiceError, toSluiceError } from '../errors.js';
import { hostsToListenOn, isFamilyMissing } from '../tcp/wildcard.js';

/** A bound UDP port that an inbound receives on. */
export interface UdpListener {
  readonly endpoint: Endpoint;
  /** Sends without waiting; what cannot be sent, or comes after `close`, is dropped. */
  send(payload: Buffer, to: Endpoint): void;
  /** Stops listening. */
  close(): Promise<void>;
}

/**
 * Receives on a UDP port; "0.0.0.0" takes IPv6 too, as in V2Ray. What `onPacket` throws goes to
 * `onError`, and listening goes on.
 * @throws SluiceError E_LISTEN_IN_USE, E_LISTEN_DENIED, E_LISTEN_FAILED
 */
export async function listenUdp(
  host: string,
  port: number,
  onPacket: (payload: Buffer, from: Endpoint) => void,
  onError: (error: SluiceError) => void,
): Promise<UdpListener> {
  const socket = await bind(host, port);
  const isV6 = socket.address().family === 'IPv6';
  socket.on('error', (error) =>
    onError(
      new SluiceError('E_UDP_FAILED', `the UDP socket failed (${errnoOf(error) ?? error.message})`, { cause: error }),
    ),
  );
  socket.on('message', (payload, from) => {
    try {
      onPacket(payload, { address: unmapIPv4(from.address), port: from.port });
    } catch (error) {
      onError(toSluiceError(error));
    }
  });
  const address = socket.address();
  let closed: Promise<void> | undefined;
  return {
    endpoint: { address: address.address, port: address.port },
    send: (payload, to) => {
      // Node throws for both, and a forged packet can have the source port 0.
      if (closed !== undefined || to.port === 0) return;
      // A dual-stack socket knows IPv4 peers by their mapped form only.
      const address = isV6 && !isIPv6(to.address) ? `::ffff:${to.address}` : to.address;
      socket.send(payload, to.port, address, () => undefined);
    },
    close: () => (closed ??= new Promise<void>((resolve) => void socket.close(() => resolve()))),
  };
}

async function bind(host: string, port: number): Promise<dgram.Socket> {
  const [first = host, fallback] = hostsToListenOn(host);
  try {
    return await bindTo(first, port);
  } catch (error) {
    if (fallback === undefined || !isFamilyMissing(error)) throw listenError(error, host, port);
  }
  try {
    return await bindTo(fallback, port);
  } catch (error) {
    throw listenError(error, host, port);
  }
}

function bindTo(address: string, port: number): Promise<dgram.Socket> {
  const socket = dgram.createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  return new Promise<dgram.Socket>((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once('error', failed);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

function listenError(error: unknown, host: string, port: number): SluiceError {
  const errno = errnoOf(error) ?? String(error);
  const code = errno === 'EADDRINUSE' ? 'E_LISTEN_IN_USE' : errno === 'EACCES' ? 'E_LISTEN_DENIED' : 'E_LISTEN_FAILED';
  const why = errno === 'EADDRINUSE' ? 'is already in use' : `could not be listened on (${errno})`;
  return new SluiceError(code, `udp:${host}:${port} ${why}`, { cause: error });
}
