import { durationMs, type ProblemReporter } from '@sluice/plugin-api';
import type { ObservatoryOptions } from './observatory.js';
import { readTarget, type ProbeTarget } from './probe-target.js';
import type { BurstSettings, ObservatorySettings } from './schema.js';

const MIN_INTERVAL_MS = 100;
const PROBE_TIMEOUT_MS = 5000;
const DEFAULT_SAMPLES = 10;

export function observatoryOptions(settings: ObservatorySettings): ObservatoryOptions {
  const { subjectSelector = [], probeURL = '', probeInterval = '', enableConcurrency = false } = settings;
  return {
    subjectSelector,
    target: target(probeURL),
    method: 'GET',
    timeoutMs: PROBE_TIMEOUT_MS,
    intervalMs: interval(probeInterval, 10_000),
    atOnce: enableConcurrency,
    samples: 1,
    validMs: Infinity,
  };
}

export function burstOptions({ subjectSelector = [], pingConfig = {} }: BurstSettings): ObservatoryOptions {
  const { destination = '', connectivity = '', interval: written = '', timeout = '', httpMethod = 'HEAD' } = pingConfig;
  const samples =
    pingConfig.sampling === undefined || pingConfig.sampling === 0 ? DEFAULT_SAMPLES : pingConfig.sampling;
  const intervalMs = interval(written, 60_000);
  return {
    subjectSelector,
    target: target(destination),
    connectivity: connectivity === '' ? undefined : target(connectivity),
    method: httpMethod,
    timeoutMs: Math.ceil(durationMs(timeout)) || PROBE_TIMEOUT_MS,
    intervalMs,
    atOnce: false,
    samples,
    validMs: 2 * samples * intervalMs,
  };
}

export function checkObservatory(
  settings: ObservatorySettings,
  problems: ProblemReporter,
  at: readonly (string | number)[] = [],
): void {
  checkUrl(settings.probeURL, [...at, 'probeURL'], problems);
  checkInterval(settings.probeInterval, [...at, 'probeInterval'], problems);
}

export function checkBurst(
  { pingConfig = {} }: BurstSettings,
  problems: ProblemReporter,
  at: readonly (string | number)[] = [],
): void {
  const path = [...at, 'pingConfig'];
  checkUrl(pingConfig.destination, [...path, 'destination'], problems);
  if (pingConfig.connectivity !== '') checkUrl(pingConfig.connectivity, [...path, 'connectivity'], problems);
  checkInterval(pingConfig.interval, [...path, 'interval'], problems);
}

function checkUrl(url: string | undefined, path: readonly (string | number)[], problems: ProblemReporter): void {
  if (url !== undefined && readTarget(url) === undefined)
    problems.error(path, 'this cannot be asked for: it must be a URL of http: or https:, without a user');
}

function checkInterval(
  written: string | undefined,
  path: readonly (string | number)[],
  problems: ProblemReporter,
): void {
  const ms = written === undefined ? 0 : durationMs(written);
  if (ms > 0 && ms < MIN_INTERVAL_MS)
    problems.warning(path, `outbounds are probed every ${MIN_INTERVAL_MS} ms at most`);
}

/** 0 is the default, as in V2Ray. */
function interval(written: string, byDefault: number): number {
  const ms = durationMs(written);
  return ms === 0 ? byDefault : Math.max(ms, MIN_INTERVAL_MS);
}

/** Of a text that the check has passed. */
function target(url: string): ProbeTarget {
  return readTarget(url) as ProbeTarget;
}
