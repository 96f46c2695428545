import { expect } from 'vitest';

/** Vitest's matchers, as what they stand for. */
export const like = (pattern: RegExp): string => expect.stringMatching(pattern) as string;
export const containing = (part: string): string => expect.stringContaining(part) as string;
export const someText = expect.any(String) as string;
export const someNumber = expect.any(Number) as number;
