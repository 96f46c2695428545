import type { TransportTag } from '@sluice/testing';
import { startV2ray } from '../peers/v2ray.js';

/** What the user hands to the client: the secret itself, or `dd` before it. */
export type SecretForm = 'plain' | 'dd';

export interface StartedProxy {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** An MTProto proxy that the interop suite runs against, and how far it goes. */
export interface ProxyUnderTest {
  readonly name: string;
  readonly secretForms: readonly SecretForm[];
  readonly tags: readonly TransportTag[];
  /** Data centre ids that it serves. */
  readonly dcs: readonly number[];
  /** It passes the id on to the data centre. */
  readonly tellsDc: boolean;
  /** `secret`: 32 hex digits. `dcAddress`: the `host:port` that takes every data centre's place. */
  start(options: { readonly secret: string; readonly dcAddress: string }): Promise<StartedProxy>;
}

/** The real V2Ray 4.34. Its outbound knows no other addresses than Telegram's, so a freedom outbound redirects them. */
export const v2ray: ProxyUnderTest = {
  name: 'V2Ray',
  secretForms: ['plain'],
  tags: ['abridged', 'intermediate'],
  dcs: [1, 2, 3, 4, 5, -1, -2, -3, -4, -5],
  tellsDc: false,
  start: ({ secret, dcAddress }) =>
    startV2ray({
      log: { loglevel: 'warning' },
      inbounds: [{ tag: 'tg-in', protocol: 'mtproto', settings: { users: [{ secret }] } }],
      outbounds: [
        { tag: 'tg-out', protocol: 'mtproto', settings: {}, proxySettings: { tag: 'to-dc' } },
        { tag: 'to-dc', protocol: 'freedom', settings: { redirect: dcAddress } },
      ],
      routing: { rules: [{ type: 'field', inboundTag: ['tg-in'], outboundTag: 'tg-out' }] },
    }),
};
