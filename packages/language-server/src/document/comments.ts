import { plainJson } from '@sluice/config';

/** A JSON text with its comments blanked, `#` too, so that every offset stays. */
export function withoutComments(text: string): string {
  return plainJson(text).text;
}
