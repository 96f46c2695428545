import { destination, LinkDuplex } from '@sluice/plugin-api';
import { DEFAULT_TIME_WINDOW } from '../../../schema.js';
import type { ClockReading } from '../clock-readings.js';
import { readDateHeader } from '../date-header.js';
import type { Examination } from '../examination.js';
import type { Check, Finding } from '../finding.js';
import { tlsNames } from '../tls-names.js';
import { visitSite } from '../tls-site.js';

/** Beyond this many milliseconds a clock is set wrong, and not only read late. */
const WORTH_A_WORD = 10_000;

/** Asks a web server that the operator names for the time. */
export function timeSourceCheck(url: URL, { network, readings, authorities }: Examination): Check {
  return {
    subject: 'clock',
    about: url.host,
    async run(signal) {
      const isTls = url.protocol === 'https:';
      const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port);
      const to = destination('tcp', url.hostname, port);
      const plain = new LinkDuplex(await network.connect(to, signal));
      try {
        const stream = isTls ? (await visitSite(plain, to.host, authorities, signal)).socket : plain;
        await readDateHeader(stream, url.host, readings, signal, `${url.pathname}${url.search}`);
      } finally {
        plain.destroy();
      }
      return [];
    },
  };
}

/** What the other clocks say of this machine's; to be asked when all other checks are done. */
export function clockFindings({ inbounds, readings }: Examination): readonly Finding[] {
  const { all } = readings;
  const inTls = inbounds.filter((inbound) => tlsNames(inbound).length > 0);
  const [first] = all;
  if (first === undefined) return [notCompared(inTls.length > 0)];
  const median = medianOf(all);
  const odd = all.filter((reading) => Math.abs(reading.ahead - median.ahead) - reading.tolerance > WORTH_A_WORD);
  const agreeing = all.filter((reading) => !odd.includes(reading));
  const window = Math.min(...inTls.map(({ settings }) => settings.tls?.timeWindow ?? DEFAULT_TIME_WINDOW));
  return [machineClock(median, agreeing, window), ...oddClocks(odd, median)];
}

/** @param window of fake TLS, in seconds; Infinity where there is none */
function machineClock(median: ClockReading, agreeing: readonly ClockReading[], window: number): Finding {
  const seconds = Math.max(0, Math.abs(median.ahead) - median.tolerance) / 1000;
  const sources = sourcesOf(agreeing);
  if (seconds < 1) return { subject: 'clock', status: 'ok', seen: `right, by ${sources}` };
  const side = median.ahead < 0 ? 'behind' : 'ahead of';
  const seen = `about ${Math.round(Math.abs(median.ahead) / 1000)} s ${side} ${sources}`;
  if (seconds * 1000 < WORTH_A_WORD && seconds < window / 2) return { subject: 'clock', status: 'ok', seen };
  const isTooMuch = seconds > window;
  const effect = Number.isFinite(window)
    ? `clients in fake TLS whose clocks are right ${isTooMuch ? 'are' : 'may be'} refused ("tls.timeWindow" is ${window} s)`
    : 'dates in logs and of "expiresAt" are wrong by as much';
  const advice = `${effect}: set the clock, and let NTP keep it (timedatectl set-ntp true)`;
  return { subject: 'clock', status: isTooMuch ? 'problem' : 'warning', seen, advice };
}

function oddClocks(odd: readonly ClockReading[], median: ClockReading): readonly Finding[] {
  return odd.map(({ source, ahead }) => {
    const seconds = Math.round(Math.abs(ahead - median.ahead) / 1000);
    return {
      subject: 'clock',
      about: source,
      status: 'ok',
      seen: `is ${seconds} s ${ahead > median.ahead ? 'behind' : 'ahead of'} the others itself, and was not believed`,
    };
  });
}

function notCompared(inTls: boolean): Finding {
  const effect = inTls ? 'fake TLS needs a clock that is right' : 'dates in logs and of "expiresAt" depend on it';
  return {
    subject: 'clock',
    status: 'warning',
    seen: 'could not be compared: neither a fronted host nor a data centre has told the time',
    advice: `${effect}: name a web server by --time-source, or compare "date -u" with another clock`,
  };
}

function medianOf(readings: readonly ClockReading[]): ClockReading {
  const sorted = [...readings].sort((a, b) => a.ahead - b.ahead);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** "www.example.org and 8 data centres". */
function sourcesOf(readings: readonly ClockReading[]): string {
  const names = [...new Set(readings.map(({ source }) => source))];
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`;
}
