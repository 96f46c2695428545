import { once } from 'node:events';
import dgram from 'node:dgram';
import net from 'node:net';
import { ipToBytes } from '@sluice/plugin-api';
import { freePort } from '../peers/process.js';
import { startSluice } from '../peers/sluice.js';
import { startV2ray } from '../peers/v2ray.js';
import { serve, type Started } from './program.fixture.js';
import { SocksUdpClient } from './udp-client.fixture.js';

/** A connection that is routed. What it meets at its end answers with the number of the rule that led there. */
export interface Probe {
  /** The inbound that it comes by. Default "in". */
  readonly by?: 'in' | 'second' | 'named' | 'sniffed' | 'web';
  /** Where it wants to go, by SOCKS. Default "a.example". */
  readonly to?: string;
  /** Default 80. */
  readonly port?: number;
  /** Through UDP; goes to 127.0.0.1. */
  readonly udp?: boolean;
  /** What the client says first. By "web", all that it says. Default "x". */
  readonly says?: string;
  /** A user of the inbound "named". */
  readonly user?: string;
  /** The client's own address. */
  readonly from?: string;
  readonly fromPort?: number;
}

const USERS = ['anna', 'bert', 'carl'];

/** For V2Ray and for us, the letter of the rule that each probe is led by, or "-": "0" for the first. */
export async function outcomes(
  started: Started,
  rules: readonly object[],
  probes: Readonly<Record<string, Probe>>,
  domainStrategy = 'AsIs',
): Promise<{ theirs: Record<string, string>; ours: Record<string, string> }> {
  const letters = ['-', ...rules.map((_, index) => letterOf(index))];
  const ports = await Promise.all(letters.map(async (letter) => started.add(await letterServer(letter)).port));
  const config = {
    log: { loglevel: 'warning' },
    outbounds: letters.map((_, i) => ({
      tag: `to-${i}`,
      protocol: 'freedom',
      settings: { redirect: `127.0.0.1:${ports[i]}` },
    })),
    routing: {
      domainStrategy,
      rules: rules.map((rule, index) => ({ type: 'field', outboundTag: `to-${index + 1}`, ...rule })),
    },
  };
  const accounts = USERS.map((user) => ({ user, pass: 'secret' }));
  const entries = [
    { tag: 'in', protocol: 'socks', settings: { udp: true, ip: '127.0.0.1' } },
    { tag: 'second', protocol: 'socks' },
    { tag: 'named', protocol: 'socks', settings: { auth: 'password', accounts } },
    { tag: 'sniffed', protocol: 'socks', sniffing: { enabled: true, destOverride: ['http', 'tls'] } },
    { tag: 'web', protocol: 'http' },
  ];
  const inbounds = await Promise.all(
    entries.map(async (entry) => ({ listen: '127.0.0.1', ...entry, port: await freePort() })),
  );
  const v2ray = started.add(await startV2ray({ ...config, inbounds: entries }));
  started.add(
    await startSluice(
      { ...config, inbounds },
      inbounds.map(({ port }) => port),
    ),
  );
  const all = async (portOf: (index: number) => number): Promise<Record<string, string>> => {
    const answers: Record<string, string> = {};
    // One after the other: some come from a certain port.
    for (const [name, probe] of Object.entries(probes)) {
      const port = portOf(entries.findIndex(({ tag }) => tag === (probe.by ?? 'in')));
      answers[name] = await (probe.udp === true ? askByUdp(port, probe) : askByTcp(port, probe));
    }
    return answers;
  };
  return {
    theirs: await all((index) => v2ray.ports[index] ?? 0),
    ours: await all((index) => inbounds[index]?.port ?? 0),
  };
}

/** One character for each rule; for the first ten the digit. */
function letterOf(rule: number): string {
  return String.fromCharCode(48 + rule);
}

/** Answers the first that it hears with its letter: a request of HTTP with a response, anything else as it is. */
async function letterServer(letter: string): Promise<{ port: number; close(): Promise<void> }> {
  const server = await serve((socket) => {
    socket.once('data', (chunk) => {
      const isHttp = /^[A-Z]+ \S+ HTTP\/1/.test(chunk.toString('latin1'));
      const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n';
      socket.end(isHttp ? head + letter : letter);
    });
  });
  const udp = dgram.createSocket('udp4');
  udp.on('message', (_, { port, address }) => udp.send(letter, port, address));
  udp.bind(server.port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    port: server.port,
    async close() {
      udp.close();
      await server.close();
    },
  };
}

async function askByUdp(server: number, { port = 80, says = 'x' }: Probe): Promise<string> {
  const client = await SocksUdpClient.open(server);
  try {
    client.send(Buffer.from(says, 'latin1'), port);
    return (await client.receive()).payload.toString();
  } finally {
    await client.close();
  }
}

/** The letter that comes back. */
async function askByTcp(server: number, probe: Probe): Promise<string> {
  const { to = 'a.example', port = 80, says = 'x', by, user, from, fromPort } = probe;
  const socket = net.connect({
    host: '127.0.0.1',
    port: server,
    ...(from === undefined ? {} : { localAddress: from }),
    ...(fromPort === undefined ? {} : { localPort: fromPort }),
  });
  try {
    await once(socket, 'connect');
    const reader = new Reader(socket);
    if (by !== 'web') {
      socket.write(Buffer.of(5, 1, user === undefined ? 0 : 2));
      await reader.read(2);
      if (user !== undefined) {
        socket.write(
          Buffer.concat([Buffer.of(1, user.length), Buffer.from(user), Buffer.of(6), Buffer.from('secret')]),
        );
        await reader.read(2);
      }
      const ip = net.isIP(to) === 0 ? undefined : ipToBytes(to);
      const kind = ip === undefined ? 3 : ip.length === 4 ? 1 : 4;
      const host = ip ?? Buffer.from([to.length, ...Buffer.from(to)]);
      socket.write(Buffer.from([5, 1, 0, kind, ...host, port >> 8, port & 255]));
      await reader.read(10);
    }
    if (says.startsWith('CONNECT ')) {
      socket.write(says);
      await reader.readHead();
      socket.write('x');
      return (await reader.read(1)).toString();
    }
    socket.write(Buffer.from(says, 'latin1'));
    const first = (await reader.read(1)).toString();
    if (first !== 'H') return first;
    await reader.readHead();
    return (await reader.read(1)).toString();
  } finally {
    socket.destroy();
  }
}

/** What a socket says, in the pieces that are asked for. */
class Reader {
  #left = '';
  readonly #chunks: AsyncIterator<Buffer, undefined>;

  constructor(socket: net.Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  }

  read(bytes: number): Promise<Buffer> {
    return this.#take(() => (this.#left.length < bytes ? undefined : bytes));
  }

  /** Up to the empty line after a head of HTTP. */
  readHead(): Promise<Buffer> {
    return this.#take(() => (this.#left.includes('\r\n\r\n') ? this.#left.indexOf('\r\n\r\n') + 4 : undefined));
  }

  async #take(length: () => number | undefined): Promise<Buffer> {
    for (;;) {
      const count = length();
      if (count !== undefined) {
        const taken = Buffer.from(this.#left.slice(0, count), 'latin1');
        this.#left = this.#left.slice(count);
        return taken;
      }
      const next = await this.#chunks.next();
      if (next.done === true) throw new Error(`the connection ended after ${JSON.stringify(this.#left)}`);
      this.#left += next.value.toString('latin1');
    }
  }
}
