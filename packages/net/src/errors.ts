/** What an error means for the one who reads it: a stable code and one sentence. */
export interface ErrorDefinition {
  /** Upper-case, with its owner in front: "E_DIAL_REFUSED". */
  readonly code: string;
  /** One sentence for operators. */
  readonly meaning: string;
}

/**
 * The error catalogue of the data path and the runtime. Codes are stable: they may be added,
 * never reused. `docs/errors.md` is held equal to this object by a test.
 */
export const errorCatalogue = {
  E_INTERNAL: 'A fault of Sluice or of a plugin itself; the message says where.',
  E_ADDRESS_INVALID: 'A host, port or CIDR could not be understood.',
  E_CONN_CLOSED: 'The peer closed the connection before the step in progress was complete.',
  E_CONN_RESET: 'The peer or the network reset the connection.',
  E_CONN_TIMEOUT: 'The connection was idle for longer than the policy allows.',
  E_HANDSHAKE_TIMEOUT: "The handshake did not complete within the policy's time.",
  E_HANDSHAKE_LIMIT: 'The peer sent more handshake bytes than the protocol needs.',
  E_PROTOCOL: 'The peer sent something that its protocol does not allow.',
  E_AUTH: 'The peer did not prove that it may use this inbound.',
  E_UNSUPPORTED: 'The peer asked for something that this handler does not do.',
  E_UPSTREAM_REJECTED: 'The proxy server behind an outbound refused the request.',
  E_DIAL_REFUSED: 'The target refused the connection.',
  E_DIAL_TIMEOUT: 'The target did not answer in time.',
  E_DIAL_UNREACHABLE: 'No route leads to the target.',
  E_DIAL_FAILED: "The target could not be dialled; the cause names the system's reason.",
  E_DNS_NOT_FOUND: 'The name has no address of the wanted family.',
  E_DNS_FAILED: 'The name could not be resolved.',
  E_LISTEN_IN_USE: 'Another program (or inbound) already listens on this address.',
  E_LISTEN_DENIED: 'This process may not listen on this address.',
  E_LISTEN_FAILED: "The address could not be listened on; the cause names the system's reason.",
  E_ACCEPT_LIMIT: 'The process has no file descriptors left to accept a connection with.',
  E_UDP_FAILED: 'A UDP socket failed.',
  E_UDP_LIMIT: 'The cap of UDP sessions was reached and the oldest one was ended.',
  E_CLOSING: 'The instance is shutting down.',
  E_BLOCKED: 'The connection was routed to a handler that refuses all.',
  E_EXISTS: 'There is one of this name already.',
  E_NOT_FOUND: 'There is none of this name.',
  E_IN_USE: 'It cannot be removed while something needs it.',
  E_NO_OUTBOUND: 'No outbound can take the connection.',
  E_OUTBOUND_LOOP: 'Outbounds lead through one another in a circle.',
  E_CONFIG_INVALID: 'The configuration has errors; the diagnostics name each with its place.',
  E_CONFIG_READ: 'A configuration file could not be read.',
  E_REGISTRY_DUPLICATE: 'Two owners contribute the same name to one registry.',
  E_REGISTRY_UNKNOWN: 'Nothing of that name is registered.',
  E_LIFECYCLE: 'An instance was used in a state that does not allow the call.',
  E_START_FAILED: 'A part of the instance could not start; the cause says why.',
} as const;

/** One of Sluice's own codes. Plugins may use codes of their own, prefixed with their name. */
export type ErrorCode = keyof typeof errorCatalogue;

/** What an error may carry beside its code and message. */
export interface SluiceErrorOptions {
  /** The error that led to it. */
  readonly cause?: unknown;
  /** Facts worth logging; never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** Marks the class across copies of this package: a plugin may bring its own. */
const BRAND = Symbol.for('sluice.error');

/** The one error class of public paths. `message` is safe to log: it never holds a secret. */
export class SluiceError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== SluiceError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  override readonly name = 'SluiceError';
  readonly [BRAND] = true;
  readonly code: ErrorCode | `E_${string}`;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode | `E_${string}`, message: string, options: SluiceErrorOptions = {}) {
    // What peers and networks do is expected and frequent; only our own faults need a stack.
    const limit = Error.stackTraceLimit;
    if (code !== 'E_INTERNAL') Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = limit;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Any thrown value as a {@link SluiceError}; what is one already is returned as it is. */
export function toSluiceError(thrown: unknown, code: ErrorCode = 'E_INTERNAL'): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SluiceError(code, message, { cause: thrown });
}

/** The errno name ("ECONNREFUSED") of a system error, or undefined. */
export function errnoOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
