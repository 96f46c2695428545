import type net from 'node:net';
import { field, grpcCall, typedMessage, type GrpcResult } from './grpc-call.fixture.js';
import { serve, type Started, startProgram, type Program } from './program.fixture.js';

const HANDLER = '/v2ray.core.app.proxyman.command.HandlerService';
const OPERATION = 'v2ray.core.app.proxyman.command';

/** A door to the API, as in V2Ray's own documentation. */
export const apiIn = { tag: 'api-in', protocol: 'dokodemo-door', settings: { address: '127.0.0.1', port: 1 } };
export const outbounds = [{ tag: 'direct', protocol: 'freedom' }];
export const rules = [{ type: 'field', inboundTag: ['api-in'], outboundTag: 'api' }];
export const counting = {
  stats: {},
  policy: {
    levels: { 0: { statsUserUplink: true, statsUserDownlink: true } },
    system: { statsInboundUplink: true, statsInboundDownlink: true },
  },
};
export const api = { tag: 'api', services: ['HandlerService', 'LoggerService', 'StatsService', 'ReflectionService'] };

/** An echo's port. */
export async function echo(started: Started): Promise<number> {
  return started.add(await serve((socket) => socket.pipe(socket))).port;
}

/** The program with the API behind a door; counters are on. */
export async function startWithApi(
  started: Started,
  inbounds: Parameters<typeof startProgram>[0]['inbounds'],
  more: object = {},
): Promise<Program> {
  return started.add(
    await startProgram({ ...counting, api, inbounds: [...inbounds, apiIn], outbounds, routing: { rules }, ...more }),
  );
}

/** Sends bytes to an echo and waits until they are back. */
export async function exchange(socket: net.Socket, size: number): Promise<void> {
  let left = size;
  const back = new Promise<void>((resolve) => {
    const count = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', count);
      resolve();
    };
    socket.on('data', count);
  });
  socket.write(Buffer.alloc(size, 1));
  await back;
}

/** A call of the HandlerService. */
export function handler(program: Program, method: string, request: Uint8Array): Promise<GrpcResult> {
  return grpcCall(program.port('api-in'), `${HANDLER}/${method}`, request);
}

export const alterInbound = (
  program: Program,
  tag: string,
  operation: string,
  value: Uint8Array,
): Promise<GrpcResult> =>
  handler(
    program,
    'AlterInbound',
    Buffer.concat([field(1, tag), field(2, typedMessage(`${OPERATION}.${operation}`, value))]),
  );
