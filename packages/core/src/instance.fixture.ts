import { once } from 'node:events';
import net from 'node:net';
import { Writable } from 'node:stream';
import type { InboundConfig, SluiceConfig } from '@sluice/config';
import {
  defineInbound,
  defineOutbound,
  definePlugin,
  destination,
  Type,
  type Destination,
  type Inbound,
  type InboundContext,
  type Outbound,
  type OutboundContext,
  type Plugin,
} from '@sluice/plugin-api';
import { Instance } from './instance.js';

export const LOOPBACK = '127.0.0.1';

export interface Parts {
  inbound?: (context: InboundContext) => Inbound;
  outbound?: (context: OutboundContext) => Outbound;
  networks?: readonly ('tcp' | 'udp')[];
  inbounds?: number;
}

export interface Running {
  readonly instance: Instance;
  readonly log: () => string;
}

export function made(parts: Parts): Running {
  const chunks: Buffer[] = [];
  const memory = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  const plugin: Plugin = definePlugin({
    name: 'test',
    version: '0.0.0',
    description: 'Made of what a test gives it.',
    inbounds: {
      test: defineInbound<object>({
        description: 'A test.',
        schema: Type.Object({}),
        networks: () => parts.networks ?? ['tcp'],
        create: (context) => parts.inbound?.(context) ?? {},
      }),
    },
    outbounds: {
      test: defineOutbound<object>({
        description: 'A test.',
        schema: Type.Object({}),
        create: (context) =>
          parts.outbound?.(context) ?? { connect: (session, to) => context.dialer.dial(session, to) },
      }),
    },
  });
  const inbound = (tag: string): InboundConfig => ({
    tag,
    tagged: true,
    protocol: 'test',
    listen: LOOPBACK,
    ports: [{ from: 0, to: 0 }],
    settings: {},
  });
  const config: SluiceConfig = {
    log: { access: '', error: '', loglevel: 'info' },
    inbounds: Array.from({ length: parts.inbounds ?? 1 }, (_, i) => inbound(`in${i}`)),
    outbounds: [{ tag: 'out', tagged: true, protocol: 'test', settings: {} }],
    routing: { domainStrategy: 'AsIs', rules: [], balancers: [] },
    policy: {
      levels: {},
      system: {
        statsInboundUplink: false,
        statsInboundDownlink: false,
        statsOutboundUplink: false,
        statsOutboundDownlink: false,
      },
    },
    stats: false,
    services: {},
    assetFolders: [],
  };
  const instance = new Instance(config, { plugins: [plugin], logTargets: { error: memory, access: memory } });
  return { instance, log: () => Buffer.concat(chunks).toString() };
}

export const portOf = (instance: Instance): number => instance.inbounds[0]?.listening[0]?.endpoint.port ?? 0;
export const NOTHING_LEFT = { conns: 0, timers: 0, sessions: 0, buffers: { borrowed: 0 } };

export async function echoServer(): Promise<{ to: Destination; server: net.Server }> {
  const server = net.createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return { server, to: destination('tcp', LOOPBACK, (server.address() as net.AddressInfo).port) };
}

export function connected(port: number): net.Socket {
  const socket = net.connect({ port, host: LOOPBACK });
  socket.on('error', () => undefined);
  return socket;
}

export const closed = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => socket.on('close', () => resolve()));

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
