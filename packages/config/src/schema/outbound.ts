import { Type, type TSchema } from '@sluice/plugin-api';
import { streamSchema, type StreamLayers } from './stream.js';

/** An entry of `outbounds`; its `settings` are its protocol's. */
export function outboundSchema(layers: StreamLayers): TSchema {
  return Type.Object(
    {
      tag: Type.Optional(
        Type.String({
          default: '',
          examples: ['direct'],
          description:
            "The outbound's name in rules, logs and counters; no other outbound may have it. Default: none; without one nothing is counted.",
        }),
      ),
      protocol: Type.String({ description: 'The protocol that the outbound speaks. Needed; no default.' }),
      settings: Type.Optional(
        Type.Object({}, { additionalProperties: true, description: "The protocol's own settings. Default {}." }),
      ),
      sendThrough: Type.Optional(
        Type.String({
          description: "The IP of this machine that connections are made from. Default: the system's choice.",
          examples: ['192.0.2.1'],
        }),
      ),
      streamSettings: Type.Optional(streamSchema(layers)),
      proxySettings: Type.Optional(
        Type.Object(
          {
            tag: Type.String({
              minLength: 1,
              examples: ['proxy-1', 'proxy-2'],
              description: 'The tag of the outbound to connect through. Needed; no default.',
            }),
            transportLayer: Type.Optional(
              Type.Boolean({
                default: false,
                description:
                  'Whether `streamSettings` are kept on the way through the other outbound. Not available yet. Default false.',
              }),
            ),
          },
          { additionalProperties: false, description: 'Another outbound to connect through. Default: none.' },
        ),
      ),
      mux: Type.Optional(
        Type.Object(
          {
            enabled: Type.Optional(
              Type.Boolean({
                default: false,
                description: 'Whether many connections share one. Not available yet. Default false.',
              }),
            ),
            concurrency: Type.Optional(
              Type.Integer({
                maximum: 1024,
                unit: 'connections',
                default: 8,
                description: 'How many connections share one, up to 1024; 0 means 8, less turns it off. Default 8.',
              }),
            ),
          },
          { additionalProperties: false, description: 'Many connections over one (Mux.Cool). Default: off.' },
        ),
      ),
    },
    { additionalProperties: false, description: 'A way that connections leave by.' },
  );
}
