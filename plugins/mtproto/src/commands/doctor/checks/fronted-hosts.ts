import { formatHostPort, LinkDuplex, toSluiceError, type Destination } from '@sluice/plugin-api';
import { measureFlight } from '../../../fake-tls/measure-flight.js';
import { MAX_PLAINTEXT, NamedGroup } from '../../../fake-tls/tls.js';
import { FrontedHosts } from '../../../fronting/fronted-hosts.js';
import { encodeProxyHeader, NOBODY } from '../../../proxy-protocol/encode.js';
import { isEveryAddress } from '../../../share-link.js';
import type { ConfiguredInbound } from '../../mtproto-inbounds.js';
import { readDateHeader } from '../date-header.js';
import type { Examination } from '../examination.js';
import { failureOf, type Check, type Finding } from '../finding.js';
import { visitSite, type TlsSite } from '../tls-site.js';
import { tlsNames, type TlsName } from '../tls-names.js';

const subject = 'fronted hosts';
const EXPIRY_WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

/** Whether the hosts behind the names look like what the proxy imitates. */
export function frontedHostChecks(examination: Examination): readonly Check[] {
  return examination.inbounds.flatMap((inbound) => {
    const names = tlsNames(inbound);
    const ofNames = names.map((each): Check => {
      const about =
        each.host === undefined ? each.name : `${each.name} at ${formatHostPort(each.host.host, each.host.port)}`;
      return { subject, about, run: (signal) => lookAt(each, about, examination, signal) };
    });
    const rest = new FrontedHosts(inbound.settings.fronting ?? {}).of(undefined);
    // Without fake TLS nothing is imitated: that the host is there is all.
    if (names.length > 0 || rest === undefined) return ofNames;
    const about = formatHostPort(rest.host, rest.port);
    return [{ subject, about, run: (signal) => reach(inbound, rest, about, examination, signal) }];
  });
}

async function lookAt(
  { inbound, name, host }: TlsName,
  about: string,
  examination: Examination,
  signal: AbortSignal,
): Promise<Finding[]> {
  if (host === undefined) return [notFronted(name, inbound)];
  const circle = await leadsBack(inbound, host, examination, signal);
  if (circle !== undefined) return [{ ...circle, about }];
  const start = async (): ReturnType<Examination['network']['connect']> => {
    const link = await examination.network.connect(host, signal);
    const version = inbound.settings.fronting?.proxyProtocol ?? 0;
    if (version !== 0) link.write(encodeProxyHeader(version, NOBODY, NOBODY));
    return link;
  };
  try {
    const link = await start();
    const profile = await measureFlight(link, name).finally(() => link.destroy());
    const stream = new LinkDuplex(await start());
    const site = await visitSite(stream, name, examination.authorities, signal);
    try {
      await readDateHeader(site.socket, name, examination.readings, signal);
    } finally {
      stream.destroy();
    }
    const faults = [...certificateFaults(site), ...(profile === undefined ? [noTls13()] : flightFaults(profile))];
    if (faults.length > 0) return faults.map((fault) => ({ subject, about, ...fault }));
    const until = site.validTo === undefined ? '' : ` until ${site.validTo.toISOString().slice(0, 10)}`;
    const size = profile === undefined ? '' : `, first flight of ${profile.encryptedLength} bytes`;
    return [{ subject, about, status: 'ok', seen: `TLS 1.3 with X25519${size}, certificate valid${until}` }];
  } catch (error) {
    return [unreachable(about, error)];
  }
}

async function reach(
  inbound: ConfiguredInbound,
  host: Destination,
  about: string,
  examination: Examination,
  signal: AbortSignal,
): Promise<Finding[]> {
  const circle = await leadsBack(inbound, host, examination, signal);
  if (circle !== undefined) return [{ ...circle, about }];
  try {
    (await examination.network.connect(host, signal)).destroy();
    return [{ subject, about, status: 'ok', seen: 'takes connections' }];
  } catch (error) {
    return [unreachable(about, error)];
  }
}

/** A name that leads to this machine is what is wanted, but not to the proxy's own port. */
async function leadsBack(
  inbound: ConfiguredInbound,
  { type, host, port }: Destination,
  { network, own }: Examination,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (type === 'unix' || port !== inbound.port) return undefined;
  const addresses = type === 'domain' ? await network.resolve(host, signal).catch(() => []) : [host];
  const isOwn = (address: string): boolean =>
    isEveryAddress(inbound.listen) ? own.has(address) : address === inbound.listen;
  if (!addresses.some(isOwn)) return undefined;
  return {
    subject,
    status: 'problem',
    seen: 'is this proxy itself: visitors would be led round in a circle',
    advice: 'let the web server listen on another port or a Unix socket, and name that under "fronting"',
  };
}

function notFronted(name: string, { settings }: ConfiguredInbound): Finding {
  const what = settings.strangers === 'close' ? 'a port that closes at once' : 'a port that keeps silent';
  return {
    subject,
    about: name,
    status: 'warning',
    seen: `has none: who visits the site here finds ${what}`,
    advice: 'set "fronting.host" to the real site, so that visitors see it',
  };
}

function unreachable(about: string, thrown: unknown): Finding {
  return {
    subject,
    about,
    status: 'problem',
    seen: failureOf(toSluiceError(thrown)),
    advice: 'visitors who are no users find nothing there: start the web server, or correct "fronting"',
  };
}

type Fault = Pick<Finding, 'status' | 'seen' | 'advice'>;

function certificateFaults({ fault, validTo }: TlsSite): Fault[] {
  if (fault !== undefined) {
    return [
      {
        status: 'problem',
        seen: `shows a certificate that browsers do not trust: ${certificateReasons[fault] ?? fault}`,
        advice: 'front the host that has the certificate for this name, or give your own web server one',
      },
    ];
  }
  const days = validTo === undefined ? Number.POSITIVE_INFINITY : (validTo.getTime() - Date.now()) / DAY_MS;
  if (days > EXPIRY_WARNING_DAYS) return [];
  const advice = 'renew it: an expired one gives the site away';
  return [{ status: 'warning', seen: `its certificate ends in ${Math.floor(days)} days`, advice }];
}

const certificateReasons: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for other names',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known',
};

function noTls13(): Fault {
  return {
    status: 'problem',
    seen: "does not answer a browser's hello with TLS 1.3 and X25519",
    advice: 'the proxy answers its clients so, and the difference can be seen: enable TLS 1.3, or choose another site',
  };
}

function flightFaults({ group, encryptedLength }: { group?: number; encryptedLength: number }): Fault[] {
  const faults: Fault[] = [];
  if (group !== undefined && group !== NamedGroup.x25519 && group !== NamedGroup.x25519MlKem768) {
    faults.push({
      status: 'warning',
      seen: 'prefers another key exchange than X25519',
      advice: 'the proxy answers with X25519, and the difference can be seen: choose another site',
    });
  }
  if (encryptedLength > MAX_PLAINTEXT) {
    faults.push({
      status: 'warning',
      seen: `its first flight has ${encryptedLength} bytes, more than one record holds`,
      advice: 'the proxy can imitate only what one record holds: choose a site with a shorter certificate chain',
    });
  }
  return faults;
}
