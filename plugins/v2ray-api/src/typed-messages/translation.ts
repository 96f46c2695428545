import { SluiceError } from '@sluice/plugin-api';
import { decode } from '../protos/registry.js';
import type { TypedMessage } from '../protos/shared.js';
import type { Decoded, Message } from '../wire/message.js';

/** A part of a configuration's entry, as its JSON has it. */
export type Json = Readonly<Record<string, unknown>>;

export type Typed = Decoded<typeof TypedMessage>;

/** How a type of message is said in JSON. */
export interface Translation<A extends readonly unknown[] = []> {
  readonly typeName: string;
  readonly toJson: (bytes: Uint8Array, ...rest: A) => Json;
}

export function translation<D, A extends readonly unknown[]>(
  type: Message<D, unknown>,
  toJson: (value: D, ...rest: A) => Json,
): Translation<A> {
  return {
    typeName: type.typeName,
    toJson: (bytes, ...rest) => {
      const value = decode(type, bytes);
      refuseUnknownFields(value, type.typeName);
      return toJson(value, ...rest);
    },
  };
}

/** The translation of a typed message. @throws SluiceError E_UNSUPPORTED */
export function translationOf<T extends { readonly typeName: string }>(known: readonly T[], { type }: Typed): T {
  const found = known.find(({ typeName }) => typeName === type);
  if (found !== undefined) return found;
  const types = known.map(({ typeName }) => typeName).join(', ');
  throw new SluiceError('E_UNSUPPORTED', `the type "${type.slice(0, 256)}" is not known here; known are ${types}`);
}

/** What is sent and cannot be said in JSON must not be lost in silence: it could be what makes the handler safe. */
function refuseUnknownFields(value: unknown, typeName: string): void {
  if (Array.isArray(value)) {
    for (const one of value) refuseUnknownFields(one, typeName);
    return;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  const unknown = (value as { readonly $unknown?: readonly { readonly no: number }[] }).$unknown;
  if (unknown !== undefined && unknown.length > 0) {
    const numbers = [...new Set(unknown.map(({ no }) => no))].slice(0, 16).join(', ');
    throw new SluiceError('E_UNSUPPORTED', `${typeName} has fields that are not known here: number ${numbers}`);
  }
  for (const [key, one] of Object.entries(value)) if (key !== '$unknown') refuseUnknownFields(one, typeName);
}
