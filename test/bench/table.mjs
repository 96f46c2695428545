import { median } from './result.mjs';

const HEADINGS = ['work', 'unit', 'Sluice', 'min–max', 'beside', 'min–max', 'ratio', 'target', 'result', 'ceiling'];

/** A generator this close to its own ceiling may be what was measured. */
const NEAR_CEILING = 0.8;

/** Behind the point. @type {Record<string, number | undefined>} */
const DIGITS = { 'GB/s': 2, KB: 1, µs: 1 };

/**
 * @param {number | undefined} value
 * @param {string} unit
 */
export function formatted(value, unit) {
  if (value === undefined) return '–';
  return value.toFixed(DIGITS[unit] ?? 0);
}

/** @param {import('./result.mjs').Result} result */
function targetOf({ target, better, unit }) {
  const sign = better === 'more' ? '≥' : '≤';
  const parts = [];
  if (target.ratio !== undefined) parts.push(`${sign} ${target.ratio}×`);
  if (target.limit !== undefined) parts.push(`${sign} ${target.limit} ${unit}`);
  return parts.join(', ');
}

/** @param {import('./result.mjs').Result} result */
function verdictOf({ met, error }) {
  if (error !== undefined) return 'FAILED';
  if (met === undefined) return '–';
  return met ? 'met' : 'MISSED';
}

/** @param {import('./result.mjs').Result} result */
function row(result) {
  const { title, unit, figures, against = '', ratio, ceiling } = result;
  const subject = (/** @type {string} */ name) => {
    const one = figures[name];
    if (one === undefined) return ['–', ''];
    return [formatted(one.median, unit), `${formatted(one.min, unit)}–${formatted(one.max, unit)}`];
  };
  return [
    title,
    unit,
    ...subject('sluice'),
    ...subject(against),
    ratio === undefined ? '–' : `${ratio.toFixed(2)}×`,
    targetOf(result),
    verdictOf(result),
    ceiling === undefined ? '' : formatted(ceiling, unit),
  ];
}

/**
 * The results for people: one row a work, then what went wrong.
 * @param {import('./result.mjs').Result[]} results
 */
export function tableOf(results) {
  const rows = [HEADINGS, ...results.map(row)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [headings, ...body] = rows.map(line);
  return [headings, rule, ...body, '', ...notes(results)].join('\n');
}

/** @param {import('./result.mjs').Result[]} results */
function notes(results) {
  const lines = [
    'Medians. Beside: V2Ray, or what the work names. Ceiling: the same generator with no proxy between.',
    'GB = 10⁹ bytes, KB = 10³ bytes.',
  ];
  for (const { name, unit, error, figures, ceiling, only } of results) {
    if (error !== undefined) lines.push(`${name} failed: ${error}`);
    const details = only === undefined ? undefined : detailsOf(figures[only]?.samples ?? [], unit);
    if (details) lines.push(`${name}: ${details}`);
    if (ceiling === undefined) continue;
    for (const [subject, { median }] of Object.entries(figures)) {
      if (median < NEAR_CEILING * ceiling) continue;
      lines.push(`${name}: ${subject} is near the generator's ceiling, which may be what was measured.`);
    }
  }
  return lines;
}

/**
 * Medians of what a work has measured one by one.
 * @param {import('./rate.mjs').Sample[]} samples
 * @param {string} unit
 */
function detailsOf(samples, unit) {
  return Object.keys(samples[0]?.detail ?? {})
    .filter((key) => key !== 'failed')
    .map((key) => `${key} ${formatted(median(samples.map(({ detail }) => detail?.[key] ?? Number.NaN)), unit)} ${unit}`)
    .join(', ');
}
