const SHOWN = 3;
const LONGEST = 48;

/** "443; wanted 80, 8080", for an operator who asks why a condition holds or does not. */
export function comparison(actual: string | undefined, wanted: readonly string[]): string {
  const values = wanted.slice(0, SHOWN).map((value) => shortened(value.trim()));
  const more = wanted.length > SHOWN ? ` and ${wanted.length - SHOWN} more` : '';
  return `${actual === undefined || actual === '' ? 'none' : shortened(actual)}; wanted ${values.join(', ')}${more}`;
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
