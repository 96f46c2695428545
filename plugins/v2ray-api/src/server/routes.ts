import type { ConnectRouter } from '@connectrpc/connect';
import { registry } from '../protos/registry.js';
import { xrayName } from '../protos/xray.js';
import type { ServedService } from './served-service.js';
import { toStatus } from './status.js';

type AnyHandler = (input: unknown, call: unknown) => unknown;

/** Names under which the services are reached: V2Ray's, and Xray's where that is another one. */
export function namesOf(services: readonly ServedService[]): string[] {
  const names = services.flatMap(({ type }) => [type.typeName, xrayName(type.typeName)]);
  return [...new Set(names)].filter((name) => registry.getService(name) !== undefined);
}

/** @param onFault told of errors that are ours alone; the client learns nothing of them */
export function register(
  router: ConnectRouter,
  services: readonly ServedService[],
  onFault: (method: string, error: unknown) => void,
): void {
  for (const { type, implementation } of services) {
    for (const name of namesOf([{ type, implementation }])) {
      for (const method of registry.getService(name)?.methods ?? []) {
        const handler = implementation[method.name] as AnyHandler;
        const fail = (error: unknown): never => {
          const status = toStatus(error);
          if (status.rawMessage === 'internal error') onFault(method.name, error);
          throw status;
        };
        router.rpc(
          method,
          (method.methodKind === 'unary' ? unaryCall(handler, fail) : streamCall(handler, fail)) as never,
        );
      }
    }
  }
}

function unaryCall(handler: AnyHandler, fail: (error: unknown) => never) {
  return async (input: unknown, call: unknown): Promise<unknown> => {
    try {
      return await handler(input, call);
    } catch (error) {
      return fail(error);
    }
  };
}

function streamCall(handler: AnyHandler, fail: (error: unknown) => never) {
  return async function* (input: unknown, call: unknown): AsyncGenerator {
    try {
      yield* handler(input, call) as AsyncIterable<unknown>;
    } catch (error) {
      fail(error);
    }
  };
}
