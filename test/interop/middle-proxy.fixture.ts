import {
  proxyConfigText,
  startFakeDc,
  startFakeProxyConfigServer,
  type ConfigDocument,
  type ConfigFault,
  type FakeDc,
  type FakeMiddleProxy,
  type FakeProxyConfigServer,
} from '@sluice/testing';
import { expect } from 'vitest';
import { freePort, type PeerProcess } from '../peers/process.js';
import { startSluice } from '../peers/sluice.js';

export const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
export const adTag = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf';
const serverName = 'www.example.com';
export const inTls = `ee${secret}${Buffer.from(serverName).toString('hex')}`;

/** The key that the data centre behind each direct connection has, so that an answer tells which way it came. */
export const directKey = 0xd1ec7n;

/** Keys of a list, for every data centre that a client may ask for. */
const listed = ['1', '2', '3', '4', '5', '203', '-1', '-2', '-3', '-4', '-5'];

const listOf = (addresses: readonly string[]): string =>
  proxyConfigText(Object.fromEntries(listed.map((id) => [id, addresses])));

export interface TaggedProgramOptions {
  /** The middle proxies that the list names, by their own addresses. */
  readonly middle: readonly FakeMiddleProxy[];
  /** More of the inbound's settings. Default: one user, the tag for all. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly middleProxy?: Readonly<Record<string, unknown>>;
  /** Default: one mtproto outbound. */
  readonly outbounds?: readonly Readonly<Record<string, unknown>>[];
  readonly rules?: readonly Readonly<Record<string, unknown>>[];
  /** Where clients are taken; default 127.0.0.1. */
  readonly listen?: string;
  /** Only IPv6 towards Telegram, and the data centre there; default: only IPv4. */
  readonly isV6?: boolean;
  /** What the server of the lists does wrong. */
  readonly spoil?: Readonly<Partial<Record<ConfigDocument, ConfigFault>>>;
  /** Whether to wait for the lists; default true. */
  readonly waits?: boolean;
}

/** The complete program with an inbound that has an ad tag, and all that it needs around it. */
export interface TaggedProgram {
  readonly port: number;
  readonly lists: FakeProxyConfigServer;
  /** What takes the place of all data centres for who does not go through a middle proxy. */
  readonly dc: FakeDc;
  readonly peer: PeerProcess;
  close(): Promise<void>;
}

export async function startTagged(options: TaggedProgramOptions): Promise<TaggedProgram> {
  const [first] = options.middle;
  const lists = await startFakeProxyConfigServer(first === undefined ? {} : { secret: first.secret });
  const addresses = (isV6: boolean) =>
    options.middle.map(({ address }) => address).filter((address) => address.startsWith('[') === isV6);
  lists.serve('getProxyConfig', listOf(addresses(false)));
  lists.serve('getProxyConfigV6', listOf(addresses(true)));
  for (const [document, fault] of Object.entries(options.spoil ?? {})) lists.spoil(document as ConfigDocument, fault);
  const dc = await startFakeDc({ fingerprint: directKey, host: options.isV6 === true ? '::1' : '127.0.0.1' });
  const port = await freePort();
  const config = {
    log: { loglevel: 'info' },
    // Nothing is under way any more when a test closes its clients.
    policy: { levels: { '0': { uplinkOnly: 0, downlinkOnly: 0 } } },
    inbounds: [
      {
        tag: 'tg-in',
        protocol: 'mtproto',
        listen: options.listen ?? '127.0.0.1',
        port,
        settings: {
          users: [{ email: 'love@v2ray.com', secret }],
          adTag,
          tls: { serverNames: [serverName] },
          addressFamily: options.isV6 === true ? 'only-ipv6' : 'only-ipv4',
          dataCenters: Object.fromEntries(listed.map((id) => [id, [dc.address]])),
          ...options.settings,
          middleProxy: {
            secretUrl: `${lists.origin}/getProxySecret`,
            configUrl: `${lists.origin}/getProxyConfig`,
            configUrlV6: `${lists.origin}/getProxyConfigV6`,
            ...options.middleProxy,
          },
        },
      },
    ],
    outbounds: options.outbounds ?? [{ tag: 'tg-out', protocol: 'mtproto', settings: {} }],
    routing: { rules: options.rules ?? [] },
  };
  const close = async (): Promise<void> => {
    await lists.close();
    await dc.close();
  };
  const env = { NODE_EXTRA_CA_CERTS: lists.certificateFile ?? '' };
  const peer = await startSluice(config, [port], { env }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  try {
    if (options.waits ?? true) {
      await expect.poll(() => peer.output(), { timeout: 10_000 }).toMatch(/addresses of middle proxies are known/);
    }
  } catch (error) {
    await peer.close();
    await close();
    throw error;
  }
  return {
    port,
    lists,
    dc,
    peer,
    async close() {
      await peer.close();
      await close();
    },
  };
}
