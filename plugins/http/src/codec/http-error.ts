import { SluiceError, type ErrorCode } from '@sluice/plugin-api';

/** A message that breaks HTTP's rules, and the status code that says so to who sent it. */
export class HttpError extends SluiceError {
  readonly status: number;

  constructor(status: number, message: string, code: ErrorCode = 'E_PROTOCOL') {
    super(code, message);
    this.status = status;
  }
}

/** 400: the request cannot be understood, or only in two ways. */
export function badRequest(message: string): HttpError {
  return new HttpError(400, message);
}

/** 502: what the server answered cannot be understood. */
export function badResponse(message: string): HttpError {
  return new HttpError(502, message);
}
