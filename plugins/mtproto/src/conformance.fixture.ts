import { Buffer } from 'node:buffer';
import {
  defineInbound,
  defineOutbound,
  destination,
  SluiceError,
  Type,
  type Codec,
  type Endpoint,
  type InboundContribution,
  type Link,
  type OutboundContribution,
} from '@sluice/plugin-api';
import {
  createClientHello,
  createHeader,
  changeCipherSpec,
  encodeRecords,
  openHeader,
  readServerFlight,
  RecordReader,
  type Hop,
  type TransportTag,
} from '@sluice/testing';
import { mtprotoInbound, mtprotoOutbound } from './index.js';

/** How a client comes. */
export interface Mode {
  readonly tag: TransportTag;
  /** The server name that it pretends to visit, where it comes in fake TLS. */
  readonly serverName?: string;
}

const SECRET = 'b0cbcef5a486d9636472ac27f8e11a9d';
const KEY = Buffer.from(SECRET, 'hex');
const DC = 2;

/** A client and a data centre of the tests' own, and the plugin between them. */
export function telegram(mode: Mode): readonly Hop[] {
  const { serverName } = mode;
  return [
    {
      outbound: client(mode),
      outboundSettings: (server) => server,
      inbound: mtprotoInbound,
      protocol: 'mtproto',
      inboundSettings: ({ next }) => ({
        users: [{ email: 'love@v2ray.com', level: 0, secret: SECRET }],
        dataCenters: { [DC]: [`${next.address}:${next.port}`] },
        ...(serverName === undefined ? {} : { tls: { serverNames: [serverName] }, modes: ['tls'] }),
      }),
    },
    {
      outbound: mtprotoOutbound,
      outboundSettings: () => ({}),
      inbound: dataCenter,
      inboundSettings: ({ target }) => target,
    },
  ];
}

/** What says otherwise is the peer's fault. */
function codec(change: (bytes: Buffer) => Buffer): Codec {
  return {
    write(chunk, emit) {
      let changed: Buffer;
      try {
        changed = change(Buffer.from(chunk));
      } catch (error) {
        throw new SluiceError('E_PROTOCOL', 'the proxy does not do as proxies do', { cause: error });
      }
      if (changed.length > 0) emit(changed);
    },
  };
}

/** A Telegram client; whatever it is asked for, it goes to its data centre. */
function client({ tag, serverName }: Mode): OutboundContribution {
  return defineOutbound<Endpoint>({
    description: 'A client of an MTProto proxy.',
    schema: Type.Object({}),
    create: ({ dialer, settings: { address, port } }) => ({
      async connect(session) {
        const link = await dialer.dial(session, destination('tcp', address, port));
        if (serverName !== undefined) await sayHello(link, serverName);
        const stream = createHeader({ tag, dc: DC, secret: KEY });
        link.write(stream.header);
        link.push({ decode: codec((bytes) => stream.decrypt(bytes)), encode: codec((bytes) => stream.encrypt(bytes)) });
        return link;
      },
    }),
  });
}

async function sayHello(link: Link, serverName: string): Promise<void> {
  const hello = createClientHello({ serverName, key: KEY });
  link.write(hello.record);
  try {
    await readServerFlight((length) => link.reader.readExactly(length), hello, KEY);
  } catch (error) {
    link.destroy();
    throw new SluiceError('E_PROTOCOL', 'the proxy does not answer as proxies do', { cause: error });
  }
  const records = new RecordReader();
  link.write(changeCipherSpec);
  link.push({ decode: codec((bytes) => records.push(bytes)), encode: codec((bytes) => encodeRecords(bytes)) });
}

/** A data centre whose payload goes on to the target. */
const dataCenter: InboundContribution = defineInbound<Endpoint>({
  description: 'A data centre.',
  schema: Type.Object({}),
  networks: () => ['tcp'],
  create: ({ dispatcher, settings: { address, port } }) => ({
    async accept(link, session) {
      const stream = openHeader(await link.reader.readExactly(64));
      if (stream.tag === undefined) throw new SluiceError('E_PROTOCOL', 'no header of an obfuscated connection');
      link.push({ decode: codec((bytes) => stream.decrypt(bytes)), encode: codec((bytes) => stream.encrypt(bytes)) });
      dispatcher.relay(session, link, await dispatcher.connect(session, destination('tcp', address, port)));
    },
  }),
});
