import { SluiceError } from '@sluice/plugin-api';

/** Why a connection is nobody's; also the last part of the counter's name. */
export type StrangerReason =
  'protocol' | 'secret' | 'framing' | 'serverName' | 'hello' | 'clock' | 'replay' | 'busy' | 'timeout' | 'incomplete';

/** A connection that is not a user's: what is to become of it is the operator's choice. */
export class Stranger {
  /**
   * @param serverName what it asked for in its TLS hello
   */
  constructor(
    readonly reason: StrangerReason,
    readonly error: SluiceError,
    readonly serverName?: string,
  ) {}
}

const sentences = {
  protocol: 'the peer speaks another protocol than a Telegram client',
  secret: "no user's secret opens the handshake",
  serverName: 'the TLS hello asks for a server name that no user has',
  hello: 'the TLS hello asks for what this proxy cannot imitate',
  replay: 'the handshake has been seen before',
  busy: 'too many handshakes wait for their user to be found',
} as const;

export function stranger(reason: keyof typeof sentences, serverName?: string): Stranger {
  return new Stranger(reason, new SluiceError('E_AUTH', sentences[reason], { details: { reason } }), serverName);
}

/** @param seconds how far the client's clock is ahead of ours */
export function clockStranger(seconds: number, serverName: string | undefined): Stranger {
  const which = seconds < 0 ? 'behind' : 'ahead';
  const error = new SluiceError(
    'E_AUTH',
    `a client with the right secret has a clock that is ${Math.abs(seconds)} s ${which} of ours: more than "timeWindow" allows`,
    { details: { reason: 'clock', seconds } },
  );
  return new Stranger('clock', error, serverName);
}
