import { errnoOf, type SluiceError } from '@sluice/plugin-api';

/** What is examined, in the order in which it is told. */
export const subjects = [
  'clock',
  'listening',
  'secrets',
  'names',
  'fronted hosts',
  'data centres',
  'middle proxies',
  'open files',
  'state files',
] as const;

export type Subject = (typeof subjects)[number];

/** "warning": clients can connect, but something is worse than it could be. "problem": something cannot work. */
export type Status = 'ok' | 'warning' | 'problem';

/** One thing that was seen. */
export interface Finding {
  readonly subject: Subject;
  /** Of what kind's instances it was: a name, a data centre, an inbound. */
  readonly about?: string;
  readonly status: Status;
  readonly seen: string;
  /** What to do about it. */
  readonly advice?: string;
  /** Where was looked. */
  readonly address?: string;
  /** How long the answer took. */
  readonly milliseconds?: number;
}

/** Something to find out about. Its findings are told in the order of {@link subjects}. */
export interface Check {
  readonly subject: Subject;
  readonly about?: string;
  /**
   * @param signal aborted, with a SluiceError as its reason, when the time is up
   * @throws what the check did not expect: that is a problem of its own
   */
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

const NO_ROUTE = 'cannot be reached: this machine has no route there';

/** What a failed connection means, without the address: that stands beside it. */
export function failureOf({ code, message, cause }: SluiceError): string {
  // What Linux says where this machine has no address of that family.
  if (errnoOf(cause) === 'EADDRNOTAVAIL') return NO_ROUTE;
  switch (code) {
    case 'E_DIAL_REFUSED':
      return 'refuses the connection';
    case 'E_DIAL_TIMEOUT':
    case 'E_CONN_TIMEOUT':
    case 'E_HANDSHAKE_TIMEOUT':
      return 'does not answer in time';
    case 'E_DIAL_UNREACHABLE':
      return NO_ROUTE;
    case 'E_DNS_NOT_FOUND':
      return 'has no address: the name is not known';
    case 'E_DNS_FAILED':
      return 'could not be looked up: the name servers of this machine do not answer';
    case 'E_CONN_CLOSED':
    case 'E_CONN_RESET':
      return 'closes the connection without an answer';
    default:
      return message;
  }
}
