import type { DecodedField, Field, InitField, OneOf } from './field.js';

declare const types: unique symbol;

/** An enumeration of a .proto file. The value that is 0 comes first. */
export interface EnumType {
  readonly kind: 'enum';
  /** With its package: "v2ray.core.common.net.Network". */
  readonly typeName: string;
  readonly values: Readonly<Record<string, number>>;
}

type Fields = Readonly<
  Record<string, Field<unknown, unknown> | OneOf<Readonly<Record<string, Field<unknown, unknown>>>>>
>;

/** A message of a .proto file. `D` is what decoding gives, `I` what may be given for encoding. */
export interface Message<D, I = D> {
  readonly kind: 'message';
  /** With its package: "v2ray.core.common.serial.TypedMessage". */
  readonly typeName: string;
  /** By the names that the .proto file has. */
  readonly fields: Fields;
  /** Carries the types only. */
  readonly [types]?: { readonly decoded: D; readonly init: I };
}

export type Decoded<M> = M extends Message<infer D, unknown> ? D : never;
export type Init<M> = M extends { readonly [types]?: { readonly init: infer I } } ? I : never;

/** "port_range" as the field is called here: "portRange". */
type Camel<S> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S extends string ? S : never;

type DecodedOneOf<F> =
  | { [K in keyof F]: { readonly case: Camel<K>; readonly value: NonNullable<DecodedField<F[K]>> } }[keyof F]
  | { readonly case: undefined; readonly value?: undefined };

type InitOneOf<F> =
  | { [K in keyof F]: { readonly case: Camel<K>; readonly value: NonNullable<InitField<F[K]>> } }[keyof F]
  | { readonly case: undefined; readonly value?: undefined };

type DecodedFields<F> = {
  readonly [K in keyof F as Camel<K>]: F[K] extends OneOf<infer O> ? DecodedOneOf<O> : DecodedField<F[K]>;
};

type InitFields<F> = {
  readonly [K in keyof F as Camel<K>]?: (F[K] extends OneOf<infer O> ? InitOneOf<O> : InitField<F[K]>) | undefined;
};

export function message<const F extends Fields>(typeName: string, fields: F): Message<DecodedFields<F>, InitFields<F>> {
  return { kind: 'message', typeName, fields };
}

export function enumType<const V extends Readonly<Record<string, number>>>(
  typeName: string,
  values: V,
): EnumType & { readonly values: V } {
  return { kind: 'enum', typeName, values };
}
