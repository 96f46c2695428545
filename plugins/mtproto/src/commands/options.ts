import type { CommandInvocation } from '@sluice/plugin-api';
import { commandError } from './command-error.js';

type Options = CommandInvocation['options'];

export const configOption = {
  flags: '-c, --config <file...>',
  description: 'the configuration; several are merged',
  required: true,
} as const;

export function configFiles({ config }: Options): readonly string[] {
  if (typeof config === 'string') return [config];
  return config === undefined || typeof config === 'boolean' ? [] : config;
}

/** The value of an option that takes one, if it was given. */
export function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws SluiceError E_MTPROTO_COMMAND if it is no whole number between `least` and `most` */
export function wholeNumber(options: Options, name: string, least: number, most: number): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw commandError(`--${name} takes a whole number from ${least} to ${most}`);
}
