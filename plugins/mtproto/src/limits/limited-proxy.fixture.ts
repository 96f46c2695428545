import { once } from 'node:events';
import net from 'node:net';
import { defineInbound, destination, SluiceError, type InboundContribution } from '@sluice/plugin-api';
import { hostInbound, type InboundHost } from '@sluice/testing';
import { newSecret, type Secret } from '../secret.js';
import type { LimitSettings } from './limit-settings.js';
import { Limits, type LimitedUser } from './limits.js';

/**
 * The least that uses limits on real sockets: an inbound whose clients say who they are in one byte,
 * the user's index, and are relayed to a target.
 */
export interface LimitedProxy {
  readonly host: InboundHost;
  readonly users: readonly LimitedUser[];
  readonly limits: Limits;
  /** The connections that have reached the target. */
  nextAtTarget(): Promise<net.Socket>;
  connect(user: number): Promise<net.Socket>;
  close(): Promise<void>;
}

export interface LimitedProxyOptions {
  readonly secrets?: readonly Secret[];
  readonly usageFile?: string;
}

export async function startLimitedProxy(
  limits: readonly (LimitSettings | undefined)[],
  options: LimitedProxyOptions = {},
): Promise<LimitedProxy> {
  const arrived: net.Socket[] = [];
  const target = net.createServer((socket) => {
    socket.on('error', () => {});
    arrived.push(socket);
    target.emit('arrived');
  });
  await once(target.listen(0, '127.0.0.1'), 'listening');
  const { port } = target.address() as net.AddressInfo;
  const users = limits.map((limit, index) => ({
    email: `user${index}`,
    secret: options.secrets?.[index] ?? newSecret('plain'),
    limits: limit,
  }));
  let made: Limits | undefined;
  const contribution: InboundContribution = defineInbound({
    description: 'Limits alone.',
    schema: {} as never,
    networks: () => ['tcp'],
    create: ({ tag, stats, logger, plane, dispatcher }) => {
      const own = new Limits(users, { tag, stats, logger, timers: plane.timers }, options.usageFile);
      made = own;
      return {
        start: () => own.start(),
        close: () => own.close(),
        async accept(link, session) {
          const [index = 0] = await link.reader.readExactly(1);
          const user = users[index];
          if (user === undefined) throw new SluiceError('E_AUTH', 'nobody');
          const meters = own.of(user)?.admit(session, session.source.address);
          if (meters instanceof SluiceError) throw meters;
          const upstream = await dispatcher.connect(session, destination('tcp', '127.0.0.1', port));
          dispatcher.relay(session, link, upstream, meters);
        },
      };
    },
  });
  const sockets: net.Socket[] = [];
  const host = await hostInbound(contribution, {}).catch(async (error: unknown) => {
    target.close();
    throw error;
  });
  return {
    host,
    users,
    limits: made!,
    async nextAtTarget() {
      while (arrived.length === 0) await once(target, 'arrived');
      return arrived.shift()!;
    },
    async connect(user) {
      const socket = net.connect(host.port, '127.0.0.1');
      sockets.push(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(Buffer.of(user));
      return socket;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await host.close();
      for (const socket of arrived) socket.destroy();
      target.close();
    },
  };
}
