import type { TransportTag } from '@sluice/testing';
import { readFile } from 'node:fs/promises';
import { freePort } from '../peers/process.js';
import { startSluice } from '../peers/sluice.js';
import { startV2ray } from '../peers/v2ray.js';

/** What the user hands to the client: the secret itself, `dd` before it, or fake TLS, in two encodings. */
export type SecretForm = 'plain' | 'dd' | 'ee' | 'ee in base64url';

/** The site that clients in fake TLS pretend to visit. */
export const serverName = 'www.example.com';

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

interface MtprotoConfig {
  readonly inbounds: readonly { readonly settings: object }[];
}

/** Sluice as people start it, on `configs/mtproto.json` as it stands: only the port and the data centres' addresses are others. */
export const sluice: ProxyUnderTest = {
  name: 'Sluice',
  secretForms: ['plain', 'dd', 'ee', 'ee in base64url'],
  tags: ['abridged', 'intermediate', 'padded'],
  dcs: [1, 2, 3, 4, 5, -1, -2, -3, -4, -5, 203, 10_001, 10_002, 10_003, -10_001, -10_002],
  tellsDc: true,
  async start({ dcAddress }) {
    const text = await readFile(new URL('../../configs/mtproto.json', import.meta.url), 'utf8');
    const config = JSON.parse(text) as MtprotoConfig;
    const port = await freePort();
    const dataCenters = Object.fromEntries(this.dcs.map((id) => [String(id), [dcAddress]]));
    const inbounds = config.inbounds.map((inbound) => ({
      ...inbound,
      port,
      settings: { ...inbound.settings, dataCenters, tls: { serverNames: [serverName] } },
    }));
    const peer = await startSluice({ ...config, inbounds }, [port]);
    return { host: '127.0.0.1', port, close: () => peer.close() };
  },
};
