import { describe, expect, test } from 'vitest';
import { encode } from '../protos/registry.js';
import { HttpAccount, HttpServer, ReceiverConfig, SocksAccount } from '../protos/settings.js';
import { StreamConfig, TlsSecurity } from '../protos/transport.js';
import { inboundEntry, outboundEntry, userEntry } from './entries.js';
import { JSON_TYPE } from './json.js';

const json = (value: unknown): { type: string; value: Uint8Array } => ({
  type: JSON_TYPE,
  value: new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
});
const socks = { type: SocksAccount.typeName, value: encode(SocksAccount, { username: 'u', password: 'pw' }) };
const receiver = (config: Parameters<typeof encode<object>>[1]): { type: string; value: Uint8Array } => ({
  type: ReceiverConfig.typeName,
  value: encode(ReceiverConfig, config),
});
const inbound = (parts: object): Parameters<typeof inboundEntry>[0] => ({
  ...{ tag: '', receiverSettings: undefined, proxySettings: undefined },
  ...parts,
});
const http = { type: HttpServer.typeName, value: encode(HttpServer, {}) };

describe('an entry as JSON', () => {
  test('is taken as it is', () => {
    const entry = { tag: 'x', protocol: 'p', port: 1, settings: { deep: [1] } };
    expect(inboundEntry(inbound({ proxySettings: json(entry) }))).toEqual(entry);
    expect(userEntry({ level: 9, email: 'e', account: json({ id: 1 }) }, 'p')).toEqual({ id: 1 });
  });

  test('gives way to the tag and the receiver around it', () => {
    const parts = {
      tag: 'y',
      receiverSettings: receiver({ portRange: { From: 2, To: 3 } }),
      proxySettings: json({ tag: 'x', protocol: 'p', port: 1, listen: '::1' }),
    };
    expect(inboundEntry(inbound(parts))).toEqual({ tag: 'y', protocol: 'p', port: '2-3', listen: '::1' });
  });

  test.each(['', '{', 'null', '[]', '"text"', '{"secret": "hush", }'])('must be an object: %s', (text) => {
    expect(() => inboundEntry(inbound({ proxySettings: json(text) }))).toThrow(
      expect.objectContaining({ code: 'E_CONFIG_INVALID', message: expect.not.stringContaining('hush') as string }),
    );
  });
});

describe('a user', () => {
  const user = { level: 0, email: '', account: socks };

  test("is known by the account's name", () => {
    expect(userEntry(user, 'socks')).toEqual({ user: 'u', pass: 'pw' });
    expect(userEntry({ ...user, email: 'u' }, 'socks')).toEqual({ user: 'u', pass: 'pw' });
    const nameless = { type: HttpAccount.typeName, value: encode(HttpAccount, { password: 'pw' }) };
    expect(userEntry({ ...user, email: 'e', account: nameless }, 'http')).toEqual({ user: 'e', pass: 'pw' });
    expect(() => userEntry({ ...user, email: 'other' }, 'socks')).toThrow(
      expect.objectContaining({ code: 'E_CONFIG_INVALID' }),
    );
  });

  test("may come in Xray's message", () => {
    const account = { ...socks, type: 'xray.proxy.socks.Account' };
    expect(userEntry({ ...user, account }, 'socks')).toEqual({ user: 'u', pass: 'pw' });
  });

  test('must have an account of the protocol', () => {
    expect(() => userEntry({ ...user, account: undefined }, 'socks')).toThrow(/no account/);
    expect(() => userEntry(user, 'http')).toThrow(/an account of socks is none of http/);
    expect(() => userEntry({ ...user, account: http }, 'http')).toThrow(/is not known here; known are v2ray/);
  });
});

describe('a handler', () => {
  test('needs settings of a protocol', () => {
    expect(() => inboundEntry(inbound({ tag: 'x' }))).toThrow(/no proxy_settings/);
    const outbound = { tag: '', senderSettings: undefined, expire: 0n, comment: '' };
    expect(() => outboundEntry({ ...outbound, proxySettings: http })).toThrow(/http\.ServerConfig" is not known here/);
  });

  test("is not read from Xray's messages, which are numbered in another way", () => {
    const receiverSettings = { type: 'xray.app.proxyman.ReceiverConfig', value: new Uint8Array() };
    expect(() => inboundEntry(inbound({ receiverSettings, proxySettings: http }))).toThrow(
      expect.objectContaining({ code: 'E_UNSUPPORTED' }),
    );
  });

  test('of an older V2Ray sniffs by the names that it has', () => {
    const receiverSettings = receiver({ domainOverride: [0, 1] });
    expect(inboundEntry(inbound({ receiverSettings, proxySettings: http }))).toMatchObject({
      sniffing: { enabled: true, destOverride: ['http', 'tls'] },
    });
  });

  test('with TLS that is not known here is refused, never opened in plaintext', () => {
    const stream = (streamSettings: Parameters<typeof encode<object>>[1]): object =>
      inboundEntry(inbound({ receiverSettings: receiver({ streamSettings }), proxySettings: http }));
    expect(stream({ securityType: TlsSecurity.typeName })).toMatchObject({
      streamSettings: { network: 'tcp', security: 'tls', tlsSettings: {} },
    });
    expect(() => stream({ securityType: 'v2ray.core.transport.internet.xtls.Config' })).toThrow(
      expect.objectContaining({ code: 'E_UNSUPPORTED' }),
    );
    expect(() => stream({ socketSettings: { bindPort: 5 } })).toThrow(/via/);
    expect(StreamConfig.typeName).toBe('v2ray.core.transport.internet.StreamConfig');
  });
});
