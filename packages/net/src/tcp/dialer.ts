import net from 'node:net';
import { formatHostPort, type Destination } from '../address.js';
import type { Conn } from '../conn/conn.js';
import { SocketConn } from '../conn/socket-conn.js';
import type { DataPlane } from '../data-plane.js';
import { errnoOf, SluiceError, type ErrorCode } from '../errors.js';
import { happyEyeballs, raceAddresses, type Attempt, type DialObserver } from './happy-eyeballs.js';
import { unixPath } from './unix-path.js';
import { onreadOptions } from './raw-socket.js';
import type { Resolver } from './resolver.js';

/** How a target is dialled. */
export interface DialOptions {
  readonly resolver: Resolver;
  /** The whole dial, name look-up included, in ms. */
  readonly timeoutMs: number;
  /** The source IP (V2Ray's sendThrough). */
  readonly localAddress?: string | undefined;
  /** Aborting ends the dial with the signal's reason if that is a SluiceError, else E_CLOSING. */
  readonly signal?: AbortSignal | undefined;
  /** Given what gives the dial up; a signal costs more, where every connection needs one. */
  readonly track?: ((dialing: Dialing) => void) | undefined;
}

/** A dial that can be given up. Harmless once it is over. */
export interface Dialing {
  /** Gives it up; nothing is left open. */
  destroy(error: SluiceError): void;
}

/**
 * Connects to a destination; several addresses race by RFC 8305. The conn is paused.
 * @throws SluiceError E_DIAL_REFUSED, E_DIAL_TIMEOUT, E_DIAL_UNREACHABLE, E_DIAL_FAILED, E_DNS_*, E_CLOSING
 */
export async function dial(plane: DataPlane, to: Destination, options: DialOptions): Promise<Conn> {
  const deadline = performance.now() + options.timeoutMs;
  if (options.signal?.aborted === true) throw givenUp(options.signal);
  if (to.type !== 'domain') return limited(plane, open(plane, to.host, to.port, options), to, deadline, options);
  const addresses = await resolve(plane, to, deadline, options);
  const only = addresses.length === 1 ? addresses[0] : undefined;
  const attempt =
    only !== undefined
      ? open(plane, only, to.port, options)
      : happyEyeballs(plane.timers, addresses, (address) => open(plane, address, to.port, options));
  return limited(plane, attempt, to, deadline, options);
}

/**
 * Connects to the first of several destinations that answers: a race in the order given, as RFC 8305
 * has it for the addresses of one name. Losers are closed at once. The conn is paused.
 * @throws SluiceError as {@link dial}: the first one's reason if none answers
 */
export function dialAny(
  plane: DataPlane,
  candidates: readonly [Destination, ...Destination[]],
  options: DialOptions,
  observer?: DialObserver<Destination>,
): Promise<Conn> {
  if (options.signal?.aborted === true) return Promise.reject(givenUp(options.signal));
  const deadline = performance.now() + options.timeoutMs;
  const attempt = raceAddresses(plane.timers, candidates, (to) => attemptAt(plane, to, options), observer);
  return limited(plane, attempt, candidates[0], deadline, options);
}

/** One destination of several; a name's addresses race among themselves. */
function attemptAt(plane: DataPlane, to: Destination, { resolver, timeoutMs, localAddress }: DialOptions): Attempt {
  if (to.type !== 'domain') return open(plane, to.host, to.port, { resolver, timeoutMs, localAddress });
  let dialing: Dialing | undefined;
  const track = (now: Dialing): void => void (dialing = now);
  const conn = dial(plane, to, { resolver, timeoutMs, localAddress, track });
  return { conn, abandon: (reason = givenUp()) => dialing?.destroy(reason) };
}

async function resolve(plane: DataPlane, to: Destination, deadline: number, options: DialOptions): Promise<string[]> {
  const family = options.localAddress === undefined ? undefined : net.isIPv6(options.localAddress) ? 6 : 4;
  const lookup = options.resolver.resolve(to.host, family);
  const addresses = await race(plane, lookup, () => undefined, to, deadline, options);
  if (addresses.length === 0) throw new SluiceError('E_DNS_NOT_FOUND', `${to.host} has no address`);
  return addresses;
}

function limited(
  plane: DataPlane,
  attempt: Attempt,
  to: Destination,
  deadline: number,
  options: DialOptions,
): Promise<Conn> {
  const abandon = (reason: SluiceError): void => {
    attempt.abandon(reason);
    // It may just have connected.
    attempt.conn.then(
      (conn) => conn.destroy(),
      () => undefined,
    );
  };
  return race(plane, attempt.conn, abandon, to, deadline, options);
}

/** The promise, a timeout or an abort, whichever is first. */
function race<T>(
  plane: DataPlane,
  promise: Promise<T>,
  abandon: (reason: SluiceError) => void,
  to: Destination,
  deadline: number,
  options: DialOptions,
): Promise<T> {
  const { signal, track } = options;
  return new Promise<T>((resolvePromise, reject) => {
    let settled = false;
    const settle = (): void => {
      settled = true;
      plane.timers.cancel(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: SluiceError): void => {
      if (settled) return;
      settle();
      reject(error);
      abandon(error);
    };
    const onAbort = (): void => giveUp(givenUp(signal));
    const timer = plane.timers.after(Math.max(0, deadline - performance.now()), () =>
      giveUp(new SluiceError('E_DIAL_TIMEOUT', `${formatHostPort(to.host, to.port)} did not answer in time`)),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    track?.({ destroy: giveUp });
    promise.then(
      (value) => {
        settle();
        resolvePromise(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

function open(plane: DataPlane, host: string, port: number, options: DialOptions): Attempt {
  const unix = host.startsWith('/') || host.startsWith('@');
  const { localAddress } = options;
  let conn: SocketConn;
  try {
    conn = new SocketConn(plane, (into) =>
      net.connect(
        unix
          ? { path: unixPath(host), allowHalfOpen: true, ...onreadOptions(into) }
          : {
              host,
              port,
              autoSelectFamily: false,
              allowHalfOpen: true,
              ...onreadOptions(into),
              ...(localAddress === undefined ? {} : { localAddress }),
            },
      ),
    );
  } catch (error) {
    return { conn: Promise.reject(dialError(error as Error, host, port)), abandon: () => undefined };
  }
  const { socket } = conn;
  const opened = new Promise<Conn>((resolve, reject) => {
    // Nothing is read before the conn is handed on; only its failure is of interest.
    const nothing = (): void => undefined;
    const onClose = (error?: Error): void => reject(error === undefined ? givenUp() : dialError(error, host, port));
    conn.attach({ onData: nothing, onEnd: nothing, onDrain: nothing, onClose }, false);
    socket.once('connect', () => {
      if (!unix) socket.setNoDelay(true);
      conn.pause();
      resolve(conn);
    });
  });
  return { conn: opened, abandon: () => void socket.destroy() };
}

function givenUp(signal?: AbortSignal): SluiceError {
  const reason: unknown = signal?.reason;
  return reason instanceof SluiceError ? reason : new SluiceError('E_CLOSING', 'the dial was given up');
}

function dialError(error: Error, host: string, port: number): SluiceError {
  const errno = errnoOf(error) ?? error.message;
  const where = formatHostPort(host, port);
  const codes: Record<string, [ErrorCode, string]> = {
    ECONNREFUSED: ['E_DIAL_REFUSED', `${where} refused the connection`],
    ECONNRESET: ['E_DIAL_REFUSED', `${where} reset the connection`],
    ENOENT: ['E_DIAL_REFUSED', `nothing listens on ${where}`],
    ETIMEDOUT: ['E_DIAL_TIMEOUT', `${where} did not answer in time`],
    ENETUNREACH: ['E_DIAL_UNREACHABLE', `no route leads to ${where}`],
    EHOSTUNREACH: ['E_DIAL_UNREACHABLE', `no route leads to ${where}`],
  };
  const [code, message] = codes[errno] ?? ['E_DIAL_FAILED', `${where} could not be dialled (${errno})`];
  return new SluiceError(code, message, { cause: error });
}
