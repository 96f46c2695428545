import { Code, ConnectError } from '@connectrpc/connect';
import { toSluiceError } from '@sluice/plugin-api';

/** What an error of the catalogue is called in gRPC. */
const codes: Readonly<Record<string, Code>> = {
  E_ADDRESS_INVALID: Code.InvalidArgument,
  E_CONFIG_INVALID: Code.InvalidArgument,
  E_PROTOCOL: Code.InvalidArgument,
  E_EXISTS: Code.AlreadyExists,
  E_NOT_FOUND: Code.NotFound,
  E_IN_USE: Code.FailedPrecondition,
  E_LIFECYCLE: Code.FailedPrecondition,
  E_LISTEN_IN_USE: Code.FailedPrecondition,
  E_LISTEN_FAILED: Code.FailedPrecondition,
  E_NO_OUTBOUND: Code.FailedPrecondition,
  E_START_FAILED: Code.FailedPrecondition,
  E_LISTEN_DENIED: Code.PermissionDenied,
  E_UNSUPPORTED: Code.Unimplemented,
  E_CLOSING: Code.Unavailable,
};

/** Any thrown value as a gRPC status. Errors of the catalogue say why; a fault of ours says only that it is one. */
export function toStatus(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const error = toSluiceError(thrown);
  if (error.code === 'E_INTERNAL') return new ConnectError('internal error', Code.Internal);
  return new ConnectError(error.message, codes[error.code] ?? Code.Unknown);
}
