import { FieldDescriptorProto_Type as Type } from '@bufbuild/protobuf/wkt';
import type { EnumType, Message } from './message.js';

declare const types: unique symbol;

/** A field of a message: its number and type. `D` is what decoding gives, `I` what may be given for encoding. */
export interface Field<D, I = D> {
  readonly number: number;
  readonly type: Type;
  readonly isRepeated: boolean;
  /** Of messages and enums. */
  readonly of?: Message<unknown, unknown> | EnumType;
  /** A map with keys that are strings; this is the values' field. */
  readonly mapTo?: Field<unknown>;
  /** Carries the types only. */
  readonly [types]?: { readonly decoded: D; readonly init: I };
}

/** Fields of which a message has one at most. */
export interface OneOf<F extends Readonly<Record<string, Field<unknown, unknown>>>> {
  readonly oneOf: F;
}

export type DecodedField<F> = F extends Field<infer D, unknown> ? D : never;
export type InitField<F> = F extends { readonly [types]?: { readonly init: infer I } } ? I : never;

const scalar =
  <T>(type: Type) =>
  (number: number): Field<T> => ({ number, type, isRepeated: false });

export const text = scalar<string>(Type.STRING);
export const bytes = scalar<Uint8Array>(Type.BYTES);
export const bool = scalar<boolean>(Type.BOOL);
export const uint32 = scalar<number>(Type.UINT32);
export const int32 = scalar<number>(Type.INT32);
export const uint64 = scalar<bigint>(Type.UINT64);
export const int64 = scalar<bigint>(Type.INT64);

export function inner<D, I>(number: number, message: Message<D, I>): Field<D | undefined, I | undefined> {
  return { number, type: Type.MESSAGE, isRepeated: false, of: message };
}

export function choice(number: number, values: EnumType): Field<number> {
  return { number, type: Type.ENUM, isRepeated: false, of: values };
}

export function many<D, I>(field: Field<D, I>): Field<NonNullable<D>[], readonly NonNullable<I>[]> {
  return {
    number: field.number,
    type: field.type,
    isRepeated: true,
    ...(field.of === undefined ? {} : { of: field.of }),
  };
}

/** @param value the field of the values; its number is of no account */
export function map<T>(
  number: number,
  value: (number: number) => Field<T>,
): Field<Record<string, T>, Readonly<Record<string, T>>> {
  return { number, type: Type.MESSAGE, isRepeated: true, mapTo: value(2) };
}

export function oneOf<const F extends Readonly<Record<string, Field<unknown, unknown>>>>(fields: F): OneOf<F> {
  return { oneOf: fields };
}
