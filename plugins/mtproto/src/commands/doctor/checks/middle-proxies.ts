import type { Buffer } from 'node:buffer';
import { formatHostPort, toSluiceError } from '@sluice/plugin-api';
import { hasAdTag } from '../../../middle-proxy/check.js';
import { fetchDocument } from '../../../middle-proxy/list/fetch.js';
import { MAX_CONFIG_LENGTH, parseProxyConfig } from '../../../middle-proxy/list/proxy-config.js';
import { checkProxySecret, MAX_SECRET_LENGTH } from '../../../middle-proxy/list/proxy-secret.js';
import { DEFAULT_CONFIG_URL, DEFAULT_CONFIG_URL_V6, DEFAULT_SECRET_URL } from '../../../middle-proxy/settings.js';
import type { ConfiguredInbound } from '../../mtproto-inbounds.js';
import type { Examination } from '../examination.js';
import { failureOf, type Check, type Finding } from '../finding.js';

const subject = 'middle proxies';
/** The check's signal decides. */
const LIMIT_MS = 3_600_000;
/** Most clients' data centre; one of its middle proxies stands for all. */
const TRIED_ID = 2;

/** Something that Telegram publishes about its middle proxies. */
interface Source {
  readonly url: string;
  readonly maxBytes: number;
  /** @throws SluiceError @returns the findings about what it says */
  read(
    content: Buffer,
    examination: Examination,
    signal: AbortSignal,
  ): Promise<readonly Finding[]> | readonly Finding[];
}

/** Whether what the middle proxies need can be fetched, and whether they can be reached. */
export function middleProxyChecks(examination: Examination): readonly Check[] {
  const sources = new Map<string, Source>();
  for (const inbound of examination.inbounds) {
    if (hasAdTag(inbound.settings)) for (const source of sourcesOf(inbound)) sources.set(source.url, source);
  }
  return [...sources.values()].map((source): Check => {
    return { subject, about: source.url, run: (signal) => fetchAndRead(source, examination, signal) };
  });
}

function sourcesOf({ settings: { middleProxy = {}, addressFamily = 'prefer-ipv4' } }: ConfiguredInbound): Source[] {
  const { secretUrl = DEFAULT_SECRET_URL, configUrl = DEFAULT_CONFIG_URL } = middleProxy;
  const list = (url: string): Source => ({ url, maxBytes: MAX_CONFIG_LENGTH, read: readList });
  return [
    { url: secretUrl, maxBytes: MAX_SECRET_LENGTH, read: readSecret },
    ...(addressFamily === 'only-ipv6' ? [] : [list(configUrl)]),
    ...(addressFamily === 'only-ipv4' ? [] : [list(middleProxy.configUrlV6 ?? DEFAULT_CONFIG_URL_V6)]),
  ];
}

async function fetchAndRead(
  source: Source,
  examination: Examination,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { url, maxBytes } = source;
  const { network, authorities } = examination;
  try {
    const content = await fetchDocument(new URL(url), {
      connect: (to, given) => network.connect(to, given),
      maxBytes,
      timeLimit: LIMIT_MS,
      signal,
      authorities,
    });
    return await source.read(content, examination, signal);
  } catch (error) {
    const reason = toSluiceError(signal.aborted ? signal.reason : error);
    return [
      {
        subject,
        about: url,
        status: 'problem',
        seen: failureOf(reason),
        advice:
          'connections with an ad tag go past the middle proxies until it can be fetched: see the firewall, or name a mirror under "middleProxy"',
      },
    ];
  }
}

function readSecret(this: Source, content: Buffer): readonly Finding[] {
  checkProxySecret(content);
  return [{ subject, about: this.url, status: 'ok', seen: 'can be fetched' }];
}

async function readList(
  this: Source,
  content: Buffer,
  { network }: Examination,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { addresses } = parseProxyConfig(content.toString());
  const count = [...addresses.values()].flat().length;
  const fetched: Finding = {
    subject,
    about: this.url,
    status: 'ok',
    seen: `can be fetched, and names ${count} addresses`,
  };
  const [first] = addresses.get(TRIED_ID) ?? [...addresses.values()].flat();
  if (first === undefined) return [fetched];
  const about = `one for data centre ${TRIED_ID}`;
  const address = formatHostPort(first.host, first.port);
  try {
    (await network.connect(first, signal)).destroy();
    return [fetched, { subject, about, status: 'ok', seen: 'takes connections', address }];
  } catch (error) {
    const seen = failureOf(toSluiceError(error));
    const advice = `clients with an ad tag cannot get through: let this machine out to ports like ${first.port}`;
    return [fetched, { subject, about, status: 'warning', seen, advice, address }];
  }
}
