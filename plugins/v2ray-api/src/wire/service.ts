import type { Decoded, Init, Message } from './message.js';

export interface Method<Q = unknown, A = unknown> {
  readonly request: Q;
  readonly answer: A;
  readonly streams: 'none' | 'answers' | 'both';
}

/** A gRPC service: its methods by name. */
export interface ServiceType<M extends Readonly<Record<string, Method>> = Readonly<Record<string, Method>>> {
  /** With its package: "v2ray.core.app.stats.command.StatsService". */
  readonly typeName: string;
  readonly methods: M;
}

type AnyMessage = Message<unknown, unknown>;

const method =
  <const S extends Method['streams']>(streams: S) =>
  <Q extends AnyMessage, A extends AnyMessage>(request: Q, answer: A): Method<Q, A> & { readonly streams: S } => ({
    request,
    answer,
    streams,
  });

/** One request, one answer. */
export const unary = method('none');
/** One request, a stream of answers. */
export const answers = method('answers');
/** A stream of requests, a stream of answers. */
export const both = method('both');

/** What a call comes with. */
export interface Call {
  /** Aborted when the client gives up, its time is over, or the server closes. */
  readonly signal: AbortSignal;
}

type Handler<M> = M extends { request: infer Q; answer: infer A; streams: infer S }
  ? S extends 'none'
    ? (request: Decoded<Q>, call: Call) => Init<A> | Promise<Init<A>>
    : S extends 'answers'
      ? (request: Decoded<Q>, call: Call) => AsyncIterable<Init<A>>
      : (requests: AsyncIterable<Decoded<Q>>, call: Call) => AsyncIterable<Init<A>>
  : never;

/** What answers the calls of a service. */
export type Implementation<S extends ServiceType> = { readonly [K in keyof S['methods']]: Handler<S['methods'][K]> };

export function service<const M extends Readonly<Record<string, Method>>>(
  typeName: string,
  methods: M,
): ServiceType<M> {
  return { typeName, methods };
}
