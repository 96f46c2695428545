import { Type, type TSchema } from '@sluice/plugin-api';

const seconds = (what: string, initial: number): TSchema =>
  Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 4294967295,
      unit: 'seconds',
      description: `${what}, in seconds. Default ${initial}.`,
      examples: [initial],
    }),
  );

const flag = (what: string): TSchema =>
  Type.Optional(
    Type.Boolean({
      default: false,
      description: `Whether to count ${what}, in bytes; \`stats\` must be there too. Default false.`,
    }),
  );

export const levelSchema = Type.Object(
  {
    handshake: seconds('How long a client may take from connecting to the end of its handshake', 60),
    connIdle: seconds('After how long without a byte in either direction a connection is closed', 300),
    uplinkOnly: seconds('How long a connection stays open once the target has closed its side', 1),
    downlinkOnly: seconds('How long a connection stays open once the client has closed its side', 1),
    bufferSize: Type.Optional(
      Type.Integer({
        unit: 'KiB',
        examples: [512],
        description:
          "V2Ray's buffer for each connection, in KiB. Has no effect: buffers fit themselves to the traffic. Default: none.",
      }),
    ),
    statsUserUplink: flag('what each user with an email sends'),
    statsUserDownlink: flag('what each user with an email receives'),
  },
  { additionalProperties: false, description: 'What a policy level allows its connections.' },
);

export const policySchema = Type.Object(
  {
    levels: Type.Optional(
      Type.Unsafe({
        type: 'object',
        additionalProperties: levelSchema,
        examples: [{ '0': { connIdle: 600 } }],
        propertyNames: { pattern: '^[0-9]{1,10}$', patternErrorMessage: 'a level: a number from 0 to 4294967295' },
        description:
          'The policy of each level, by its number. Users and inbounds name their level. Default: every level has the default values.',
      }),
    ),
    system: Type.Optional(
      Type.Object(
        {
          statsInboundUplink: flag('what each inbound with a tag receives from clients'),
          statsInboundDownlink: flag('what each inbound with a tag sends to clients'),
          statsOutboundUplink: flag('what each outbound with a tag sends'),
          statsOutboundDownlink: flag('what each outbound with a tag receives'),
        },
        { additionalProperties: false, description: 'What is counted for the instance as a whole. Default: nothing.' },
      ),
    ),
  },
  {
    additionalProperties: false,
    description: "Time limits of connections, and what is counted. Default: V2Ray's limits, and nothing.",
  },
);
