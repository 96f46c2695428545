import { corePlugin } from '@sluice/core';
import type { SnifferContribution, SniffVerdict } from '@sluice/plugin-api';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** One of the core's own sniffers. */
export function coreSniffer(name: string): SnifferContribution {
  const sniffer = corePlugin.sniffers?.[name];
  if (sniffer === undefined) throw new Error(`there is no sniffer ${name}`);
  return sniffer;
}

export interface FirstWords {
  /** One buffer of a stream, or the packets of a flow. */
  readonly heard: readonly Buffer[];
  readonly verdict: SniffVerdict;
}

/** A port on loopback, TCP and UDP, that hears clients until a sniffer has decided, and never answers. */
export class SilentPort {
  readonly port: number;
  readonly #server: Server;
  readonly #socket: UdpSocket;

  private constructor(server: Server, socket: UdpSocket) {
    this.#server = server;
    this.#socket = socket;
    this.port = socket.address().port;
  }

  static async open(): Promise<SilentPort> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = createSocket('udp4').bind((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'listening');
    return new SilentPort(server, socket);
  }

  close(): void {
    this.#server.close();
    this.#socket.close();
  }

  /** The first connection of which the sniffer says something; it is ended then, like all that say nothing more. */
  stream(sniffer: SnifferContribution): Promise<FirstWords> {
    return new Promise((resolve) => {
      this.#server.removeAllListeners('connection').on('connection', (connection) => {
        let bytes = Buffer.alloc(0);
        connection.on('error', () => undefined).on('end', () => connection.destroy());
        connection.on('data', (chunk: Buffer) => {
          bytes = Buffer.concat([bytes, chunk]);
          const verdict = sniffer.sniff([bytes], 'tcp');
          if (verdict === 'more') return;
          connection.destroy();
          resolve({ heard: [bytes], verdict });
        });
      });
    });
  }

  /** The first flow, by its source, of which the sniffer says something. */
  flow(sniffer: SnifferContribution): Promise<FirstWords> {
    const flows = new Map<number, Buffer[]>();
    return new Promise((resolve) => {
      this.#socket.removeAllListeners('message').on('message', (packet, { port }) => {
        const heard = flows.get(port) ?? [];
        flows.set(port, heard);
        heard.push(packet);
        const verdict = sniffer.sniff(heard, 'udp');
        if (verdict !== 'more') resolve({ heard: [...heard], verdict });
      });
    });
  }
}

/** What the sniffer says of each beginning of a stream: 'more', and from somewhere on one and the same verdict. */
export function verdictsOnTheWay(sniffer: SnifferContribution, stream: Buffer): readonly unknown[] {
  const verdicts: SniffVerdict[] = [];
  for (let length = 0; length <= stream.length; length += 1) {
    const verdict = sniffer.sniff([stream.subarray(0, length)], 'tcp');
    if (JSON.stringify(verdict) !== JSON.stringify(verdicts.at(-1))) verdicts.push(verdict);
  }
  return verdicts;
}
