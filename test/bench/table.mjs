const HEADINGS = ['work', 'unit', 'Sluice', 'min–max', 'V2Ray', 'min–max', 'ratio', 'target', 'result', 'ceiling'];

/** A generator this close to its own ceiling may be what was measured. */
const NEAR_CEILING = 0.8;

/**
 * @param {number | undefined} value
 * @param {string} unit
 */
export function formatted(value, unit) {
  if (value === undefined) return '–';
  return value.toFixed(unit === 'GB/s' ? 2 : unit === 'KB' ? 1 : 0);
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
  const { title, unit, figures, ratio, ceiling } = result;
  const subject = (/** @type {string} */ name) => {
    const one = figures[name];
    if (one === undefined) return ['–', ''];
    return [formatted(one.median, unit), `${formatted(one.min, unit)}–${formatted(one.max, unit)}`];
  };
  return [
    title,
    unit,
    ...subject('sluice'),
    ...subject('v2ray'),
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
  const lines = ['Medians. Ceiling: the same generator with no proxy between. GB = 10⁹ bytes, KB = 10³ bytes.'];
  for (const { name, error, figures, ceiling } of results) {
    if (error !== undefined) lines.push(`${name} failed: ${error}`);
    if (ceiling === undefined) continue;
    for (const [subject, { median }] of Object.entries(figures)) {
      if (median < NEAR_CEILING * ceiling) continue;
      lines.push(`${name}: ${subject} is near the generator's ceiling, which may be what was measured.`);
    }
  }
  return lines;
}
