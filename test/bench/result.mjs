/**
 * @typedef {import('./rate.mjs').Sample} Sample
 * @typedef {{median: number, min: number, max: number, samples: Sample[]}} Figures
 */

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {'more' | 'less'} better
 * @property {import('./works/work.mjs').Target} target
 * @property {string} [only]
 * @property {number} [ceiling] the generator's own, with no proxy between
 * @property {Record<string, Figures>} figures by subject
 * @property {string} [against] the subject that Sluice is compared with
 * @property {number} [ratio] median of Sluice over median of that; beside another Sluice, median of the rounds' ratios
 * @property {boolean} [met] absent where it could not be judged, or there is no target
 * @property {string} [error]
 */

/** @param {number[]} values at least one */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * @param {Sample[]} samples
 * @returns {Figures}
 */
function figuresOf(samples) {
  const values = samples.map(({ value }) => value);
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), samples };
}

/**
 * What differs little is compared round by round: both of a round met the machine in the same mood.
 * @param {Figures} one
 * @param {Figures} other
 */
function medianRatio(one, other) {
  const pairs = one.samples.slice(0, other.samples.length);
  return median(pairs.map(({ value }, round) => value / (other.samples[round]?.value ?? Number.NaN)));
}

/**
 * @param {Pick<import('./works/work.mjs').Work, 'name' | 'title' | 'unit' | 'better' | 'target' | 'only' | 'subjects'>} work
 * @param {Map<string, Sample[]>} samples by subject
 * @param {{ceiling?: number, error?: string}} more
 * @returns {Result}
 */
export function judge({ name, title, unit, better, target, only, subjects }, samples, more) {
  const measured = [...samples].filter(([, list]) => list.length > 0);
  /** @type {Result} */
  const result = {
    name,
    title,
    unit,
    better,
    target,
    ...(only === undefined ? undefined : { only }),
    ...more,
    figures: Object.fromEntries(measured.map(([subject, list]) => [subject, figuresOf(list)])),
  };
  const { sluice } = result.figures;
  const against = Object.keys(result.figures).find((subject) => subject !== 'sluice');
  const other = result.figures[against ?? ''];
  if (against !== undefined) result.against = against;
  if (sluice !== undefined && other !== undefined)
    result.ratio = subjects === undefined ? sluice.median / other.median : medianRatio(sluice, other);
  if (target.ratio === undefined && target.limit === undefined) return result;
  if (sluice === undefined || (target.ratio !== undefined && result.ratio === undefined)) return result;
  const holds = (/** @type {number} */ figure, /** @type {number | undefined} */ bound) =>
    bound === undefined || (better === 'more' ? figure >= bound : figure <= bound);
  result.met = holds(result.ratio ?? Number.NaN, target.ratio) && holds(sluice.median, target.limit);
  return result;
}
