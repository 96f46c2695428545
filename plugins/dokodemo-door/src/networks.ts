import type { Network } from '@sluice/plugin-api';

/** The words of V2Ray's network list: an array, or one string with commas. */
export function networkWords(value: string | readonly string[] = 'tcp'): string[] {
  const words = typeof value === 'string' ? value.split(',') : [...value];
  return words.map((word) => word.trim().toLowerCase());
}

/** The networks of a list, each once; other words are left out. */
export function parseNetworks(value: string | readonly string[] | undefined): Network[] {
  const words = networkWords(value);
  return (['tcp', 'udp'] as const).filter((network) => words.includes(network));
}
