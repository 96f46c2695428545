import { formatHostPort, toSluiceError, type Destination, type SluiceError } from '@sluice/plugin-api';
import { DataCenters } from '../../../data-centers/data-centers.js';
import { telegramIds } from '../../../data-centers/telegram-addresses.js';
import { askDataCenter, type DataCenterAnswer } from '../data-center-exchange.js';
import type { Examination } from '../examination.js';
import { failureOf, type Check, type Finding } from '../finding.js';

const subject = 'data centres';
/** Ids above this are of test data centres, which nobody needs who has not configured them. */
const FIRST_TEST_ID = 10_000;

type Family = 'ipv4' | 'ipv6' | 'domain';
const families: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6', domain: 'name' };

/** What has come of one family's addresses. */
interface Attempt {
  readonly family: Family;
  readonly address: Destination;
  /** By another port than the usual one, which does not answer. */
  readonly isLastResort: boolean;
  readonly answer: DataCenterAnswer | SluiceError;
}

/** Whether each data centre answers over each address family, as Telegram does. */
export function dataCenterChecks(examination: Examination): readonly Check[] {
  const seen = new Set<string>();
  return examination.inbounds.flatMap(({ settings: { dataCenters: overrides = {}, addressFamily } }) => {
    const key = JSON.stringify([overrides, addressFamily]);
    // Inbounds mostly share their data centres.
    if (seen.has(key)) return [];
    seen.add(key);
    const table = new DataCenters(overrides, addressFamily);
    const ids = [...telegramIds.filter((id) => id < FIRST_TEST_ID), ...Object.keys(overrides).map(Number)];
    // Media behind their data centre: 2, -2, 3.
    const sorted = [...new Set(ids)].sort((a, b) => Math.abs(a) - Math.abs(b) || b - a);
    return sorted.map((id): Check => {
      const addresses = table.addresses(id);
      return { subject, about: String(id), run: (signal) => lookAt(id, addresses, examination, signal) };
    });
  });
}

async function lookAt(
  id: number,
  addresses: readonly Destination[],
  examination: Examination,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const ofFamilies = (Object.keys(families) as Family[])
    .map((family) => ({ family, own: addresses.filter(({ type }) => type === family) }))
    .filter(({ own }) => own.length > 0);
  const attempts = await Promise.all(
    ofFamilies.map(({ family, own }) => tryAddresses(id, family, own, examination, signal)),
  );
  const works = attempts.some(({ answer }) => 'serverTime' in answer);
  return attempts.map((attempt) => ({
    subject,
    about: `${id} (${families[attempt.family]})`,
    address: formatHostPort(attempt.address.host, attempt.address.port),
    ...told(attempt, works),
  }));
}

type Told = Pick<Finding, 'status' | 'seen' | 'advice' | 'milliseconds'>;

/** @param works whether the data centre answers at any address */
function told({ answer, isLastResort, family }: Attempt, works: boolean): Told {
  if ('serverTime' in answer) {
    const { milliseconds } = answer;
    if (!isLastResort) return { status: 'ok', seen: 'answers', milliseconds };
    const advice = 'something on the way stops port 443: connections take longer until the others have failed';
    return { status: 'warning', seen: 'answers by another port only', advice, milliseconds };
  }
  const seen = failureOf(answer);
  if (!works) {
    const advice =
      "clients cannot reach it from here: let this machine out to Telegram's networks, or lead the inbound's connections through another outbound";
    return { status: 'problem', seen, advice };
  }
  const other = family === 'ipv6' ? 'ipv4' : 'ipv6';
  const advice = `the other family answers: if this one is not to be had here, set "addressFamily" to "only-${other}"`;
  return { status: 'warning', seen, advice };
}

/** All at once: those by the usual port count first, the others only if none of them answers. */
async function tryAddresses(
  id: number,
  family: Family,
  addresses: readonly Destination[],
  examination: Examination,
  signal: AbortSignal,
): Promise<Attempt> {
  const attempts = addresses.map((address) => tryOne(id, family, address, examination, signal));
  const isUsual = ({ port }: Destination): boolean => port === addresses[0]!.port;
  const usual = await Promise.all(attempts.filter((_, index) => isUsual(addresses[index]!)));
  const found = usual.find(({ answer }) => 'serverTime' in answer);
  if (found !== undefined) return found;
  const lastResort = (await Promise.all(attempts)).find(({ answer }) => 'serverTime' in answer);
  return lastResort === undefined ? usual[0]! : { ...lastResort, isLastResort: true };
}

async function tryOne(
  id: number,
  family: Family,
  address: Destination,
  { network, readings }: Examination,
  signal: AbortSignal,
): Promise<Attempt> {
  const attempt = { family, address, isLastResort: false };
  try {
    const link = await network.connect(address, signal);
    try {
      const answer = await askDataCenter(link, id);
      readings.addDataCenter(id, answer.serverTime, answer.milliseconds);
      return { ...attempt, answer };
    } finally {
      link.destroy();
    }
  } catch (error) {
    return { ...attempt, answer: toSluiceError(error) };
  }
}
