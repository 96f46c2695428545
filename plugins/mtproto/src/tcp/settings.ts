import { Type, type Static, type TcpOptions } from '@sluice/plugin-api';

/** Seconds. Long enough for a phone that changes networks; a stalled download holds megabytes until then. */
const DEFAULT_USER_TIMEOUT = 60;

export const tcpSchema = Type.Object(
  {
    keepAlive: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 32_767,
        default: 30,
        unit: 'seconds',
        description:
          'After how many seconds of silence a connection is probed, that of a client and that to a data centre. Ten probes without an answer, a second apart, end it. Less finds dead peers sooner and keeps narrow NATs open; more lets phones sleep. Default 30.',
      }),
    ),
    userTimeout: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        default: DEFAULT_USER_TIMEOUT,
        unit: 'seconds',
        description:
          "For how many seconds bytes may wait for a peer that takes none of them; then the connection is cut off. Bytes that the system's own send buffer has room for do not count, because Node cannot set TCP_USER_TIMEOUT. 0: until `connIdle` of the policy. Default 60.",
      }),
    ),
  },
  { description: 'How dead peers are found, on the side of the clients and on that of the data centres. Default {}.' },
);

export type TcpSettings = Static<typeof tcpSchema>;

/** What both links of a connection are given (`link.tcp`). */
export function tcpOptions({ keepAlive, userTimeout = DEFAULT_USER_TIMEOUT }: TcpSettings = {}): TcpOptions {
  return {
    // The default is what every connection has anyway.
    keepAlive: keepAlive === undefined ? undefined : keepAlive * 1000,
    userTimeout: userTimeout === 0 ? undefined : userTimeout * 1000,
  };
}
