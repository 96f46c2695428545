import { SluiceError } from '@sluice/plugin-api';
import { HttpRefusal } from './reply.js';

/** What a thrown value means to the one who asked. */
export function failure(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof HttpRefusal) return { status: error.status, message: error.message };
  if (!(error instanceof SluiceError)) return { status: 500, message: 'Internal error' };
  return { status: statusOf(error), message: error.message };
}

function statusOf({ code }: SluiceError): number {
  switch (code) {
    case 'E_NOT_FOUND':
      return 404;
    case 'E_CONFIG_INVALID':
    case 'E_CONFIG_READ':
      return 400;
    case 'E_UNSUPPORTED':
      return 501;
    case 'E_INTERNAL':
      return 500;
    // As Clash's delay tests answer.
    case 'E_DIAL_TIMEOUT':
    case 'E_HANDSHAKE_TIMEOUT':
      return 504;
    default:
      return 503;
  }
}
