const FORM = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * A date and time with its offset from UTC (RFC 3339), in ms since 1970; undefined for anything
 * else. A time without an offset would mean another moment on every machine.
 */
export function parseDateTime(text: string): number | undefined {
  const [, year, month, day, time = '', offset = ''] = FORM.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  // Date.parse takes the 30th of February for the 2nd of March.
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  if (date.getUTCDate() !== Number(day)) return undefined;
  const moment = Date.parse(`${year}-${month}-${day}T${time}${offset.toUpperCase()}`);
  return Number.isNaN(moment) ? undefined : moment;
}
