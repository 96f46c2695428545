import { plainJson } from '@sluice/config';

/** What reads brackets within brackets calls itself for each. */
const MAX_NESTING = 500;

/**
 * A JSON text with its comments blanked, `#` too, so that every offset stays.
 * @returns undefined for one that is nested deeper than it can be followed
 */
export function withoutComments(text: string): string | undefined {
  const { text: plain, depth } = plainJson(text);
  return depth > MAX_NESTING ? undefined : plain;
}
