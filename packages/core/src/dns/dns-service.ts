import { isIP } from 'node:net';
import {
  defineService,
  SluiceError,
  SystemResolver,
  type AssetFiles,
  type DnsServer,
  type ProblemReporter,
  type ServiceContext,
} from '@sluice/plugin-api';
import type { DomainSet } from '../routing/index/domain-index.js';
import { parseDomains } from '../routing/matchers/domain.js';
import { parseAddresses } from '../routing/matchers/ip.js';
import type { IpSelection } from '../routing/matchers/ip-selection.js';
import { throwingReporter } from '../routing/matchers/matcher.js';
import { listItems } from '../routing/matchers/string-list.js';
import { AnswerCache } from './cache.js';
import { DnsResolver } from './dns-resolver.js';
import { dnsServerKinds } from './dns-server-kinds.js';
import { fakePools } from './fake/fake-pools-token.js';
import { FakeServer } from './fake/fake-server.js';
import { Hosts } from './hosts.js';
import { dnsSchema, type DnsSettings, type ServerSettings } from './schema.js';
import { Upstream } from './upstream.js';

const FAKE = 'fakedns';
const LOCAL = 'localhost';
/** The inbound tag of queries where the configuration gives none. */
const DEFAULT_TAG = 'dns';
const DEFAULT_CACHE = 4096;

/** A server with its lists read. */
interface ReadServer {
  readonly settings: ServerSettings;
  readonly address: URL | undefined;
  readonly domains: DomainSet | undefined;
  readonly expectIps: IpSelection | undefined;
}

interface ReadDns {
  readonly hosts: Hosts;
  readonly servers: readonly ReadServer[];
}

/** Settings that were checked and cannot change: their lists from geo files need not be read again. */
const readBefore = new WeakMap<DnsSettings, ReadDns>();

/** The key `dns`. */
export const dnsService = defineService<DnsSettings>({
  description: 'How names are resolved where the configuration wants addresses.',
  schema: dnsSchema,
  check(settings, problems, assets, names) {
    const read = readDns(settings, problems, assets);
    checkKinds(read.servers, names.dnsServers, problems);
    if (Object.isFrozen(settings)) readBefore.set(settings, read);
  },
  inboundTags: ({ tag }) => (tag === undefined || tag === '' ? [] : [tag]),
  create(context) {
    const { settings } = context;
    const read = readBefore.get(settings) ?? readDns(settings, throwingReporter, context.assets);
    const pools = context.get(fakePools);
    const resolver = new DnsResolver({
      hosts: read.hosts,
      upstreams: read.servers.map((server) => makeUpstream(server, read.hosts, context)),
      cache: new AnswerCache(settings.disableCache === true ? 0 : (settings.cacheSize ?? DEFAULT_CACHE)),
      disableFallback: settings.disableFallback === true,
      disableFallbackIfMatch: settings.disableFallbackIfMatch === true,
      system: new SystemResolver(),
      nameOf: (address) => pools.nameOf(address),
      forgetFakes: () => pools.flush(),
      logger: context.logger,
    });
    return { start: () => context.useDns(resolver), close: () => resolver.close() };
  },
});

function makeUpstream(
  { settings, address, domains, expectIps }: ReadServer,
  hosts: Hosts,
  context: ServiceContext<DnsSettings>,
): Upstream {
  const { clientIp = context.settings.clientIp, queryStrategy = context.settings.queryStrategy } = settings;
  const isFake = settings.address === FAKE;
  const host = address === undefined ? '' : hostOf(address, hosts);
  return new Upstream({
    name: settings.address,
    server: isFake ? new FakeServer(context.get(fakePools)) : makeServer(address as URL, host, context),
    domains,
    expectIps,
    clientIp,
    strategy: queryStrategy ?? 'UseIP',
    skipFallback: settings.skipFallback === true,
    isFake,
    hostname: isIP(host) === 0 ? host : '',
    logger: context.logger,
  });
}

function makeServer(address: URL, host: string, context: ServiceContext<DnsSettings>): DnsServer {
  const { logger, plane, dispatcher, settings } = context;
  const inboundTag = settings.tag === undefined || settings.tag === '' ? DEFAULT_TAG : settings.tag;
  const kind = context.get(dnsServerKinds)(address.protocol.slice(0, -1));
  return kind.create({ address, host, logger, plane, dispatcher, inboundTag });
}

function hostOf(address: URL, hosts: Hosts): string {
  const host = plainHost(address);
  const entry = hosts.find(host);
  if (entry === undefined) return host;
  return 'alias' in entry ? entry.alias : (entry.addresses[0] ?? host);
}

/** Without an IPv6 address's brackets, and in lower case, which URLs of unknown schemes do not see to. */
function plainHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function readDns(settings: DnsSettings, problems: ProblemReporter, assets: AssetFiles): ReadDns {
  checkClientIp(settings.clientIp, ['clientIp'], problems);
  const servers = settings.servers ?? [LOCAL];
  return {
    hosts: new Hosts(settings.hosts ?? {}, problems, assets),
    servers: servers.map((server, index) => {
      const at = (path: readonly (string | number)[]): readonly (string | number)[] =>
        typeof server === 'string' ? ['servers', index] : ['servers', index, ...path];
      const own: ProblemReporter = {
        error: (path, message, details) => problems.error(at(path), message, details),
        warning: (path, message, details) => problems.warning(at(path), message, details),
      };
      return readServer(typeof server === 'string' ? { address: server } : server, own, assets);
    }),
  };
}

function readServer(settings: ServerSettings, own: ProblemReporter, assets: AssetFiles): ReadServer {
  checkClientIp(settings.clientIp, ['clientIp'], own);
  const domains = listItems('domains', settings.domains, own);
  const expected = [
    ...listItems('expectIPs', settings.expectIPs, own),
    ...listItems('expectIps', settings.expectIps, own),
  ];
  return {
    settings,
    address: settings.address === FAKE ? undefined : readAddress(settings, own),
    domains: domains.length === 0 ? undefined : parseDomains(domains, own, assets),
    expectIps: expected.length === 0 ? undefined : parseAddresses(expected, own, assets),
  };
}

/** "192.0.2.1" and "localhost" as URLs, too. */
function readAddress({ address, port }: ServerSettings, problems: ProblemReporter): URL {
  const bare = address.trim();
  const family = isIP(bare);
  const text =
    family === 4 ? `udp://${bare}` : family === 6 ? `udp://[${bare}]` : bare === LOCAL ? `${LOCAL}://system` : bare;
  try {
    const url = new URL(text.includes('://') ? text : `udp://${text}`);
    if (url.hostname === '') throw new SluiceError('E_ADDRESS_INVALID', 'it has no host');
    if (port !== undefined && url.port === '') url.port = String(port);
    if (!text.includes('://') && isIP(plainHost(url)) === 0)
      problems.warning(['address'], 'is taken for the name of a server that is asked over UDP');
    return url;
  } catch {
    problems.error(
      ['address'],
      'is no address of a DNS server: write an IP, "localhost", "fakedns" or a URL such as "https://192.0.2.1/dns-query"',
    );
    return new URL('udp://invalid.');
  }
}

function checkKinds(servers: readonly ReadServer[], known: readonly string[], problems: ProblemReporter): void {
  servers.forEach(({ address, settings }, index) => {
    if (address === undefined || known.includes(address.protocol.slice(0, -1))) return;
    const schemes = known.map((scheme) => (scheme === LOCAL ? scheme : `${scheme}://`)).join(', ');
    problems.error(
      ['servers', index],
      `"${settings.address.slice(0, 64)}" is of no kind of DNS server that is known; known are ${schemes}`,
    );
  });
}

function checkClientIp(address: string | undefined, path: readonly string[], problems: ProblemReporter): void {
  if (address !== undefined && isIP(address) === 0) problems.error(path, 'must be an IP');
}
