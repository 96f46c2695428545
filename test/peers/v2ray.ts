import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProcess, type PeerProcess } from './process.js';
import { temporaryFolder } from './temporary.js';

/** As much of V2Ray's own config as the starter has to know. */
export interface V2rayConfig {
  readonly inbounds?: readonly V2rayInbound[];
  readonly [key: string]: unknown;
}

export interface V2rayInbound {
  /** Default: a free port. */
  readonly port?: number;
  /** Default: 127.0.0.1, and not every interface as V2Ray has it. */
  readonly listen?: string;
  readonly protocol: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly streamSettings?: { readonly network?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export interface V2ray extends PeerProcess {
  readonly host: string;
  /** The first inbound's port. */
  readonly port: number;
  /** One for each inbound, in their order. */
  readonly ports: readonly number[];
}

/** Starts the real V2Ray and waits until every TCP inbound takes connections. */
export async function startV2ray(
  config: V2rayConfig,
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<V2ray> {
  const inbounds = await Promise.all(
    (config.inbounds ?? []).map(async (inbound) => {
      const listen = inbound.listen ?? '127.0.0.1';
      return { ...inbound, listen, port: inbound.port ?? (await freePort(listen)) };
    }),
  );
  const folder = await temporaryFolder('v2ray');
  try {
    const file = join(folder.path, 'config.json');
    await writeFile(file, JSON.stringify({ ...config, inbounds }));
    const peer = await startProcess('v2ray', ['-config', file], {
      ...(options.env === undefined ? {} : { env: options.env }),
      ready: inbounds.filter(listensOnTcp).map(({ listen, port }) => ({ host: listen, port })),
    });
    return {
      pid: peer.pid,
      output: () => peer.output(),
      exited: peer.exited,
      host: inbounds[0]?.listen ?? '127.0.0.1',
      port: inbounds[0]?.port ?? 0,
      ports: inbounds.map(({ port }) => port),
      async close() {
        await peer.close();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function listensOnTcp(inbound: V2rayInbound): boolean {
  const isUdpTransport = ['kcp', 'mkcp', 'quic'].includes(inbound.streamSettings?.network ?? 'tcp');
  return !isUdpTransport && inbound.settings?.['network'] !== 'udp';
}
