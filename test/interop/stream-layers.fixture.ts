import { Buffer } from 'node:buffer';
import tls from 'node:tls';
import {
  definePlugin,
  defineStreamLayer,
  DuplexConn,
  Link,
  LinkDuplex,
  secretString,
  SluiceError,
  Type,
  type Codec,
  type DataPlane,
  type Plugin,
} from '@sluice/plugin-api';

/** XORs one direction of a stream. */
class Mask implements Codec {
  readonly #key: Buffer;
  #at = 0;

  constructor(key: string) {
    this.#key = Buffer.from(key);
  }

  write(chunk: Buffer, emit: (bytes: Buffer) => void): void {
    const out = Buffer.from(chunk);
    for (let i = 0; i < out.length; i += 1) out[i]! ^= this.#key[this.#at++ % this.#key.length]!;
    emit(out);
  }
}

interface MaskSettings {
  readonly key: string;
}

/** A transport by codecs: a greeting of one byte, then everything is masked. */
export const mask = defineStreamLayer<MaskSettings>({
  description: 'Masks every byte.',
  schema: Type.Object({ key: secretString({ minLength: 3, description: 'The key. Needed; no default.' }) }),
  check({ key }, problems) {
    if (key === 'aaa') problems.error(['key'], 'this key masks too little');
  },
  create: ({ settings: { key } }) => ({
    connect(link) {
      link.write(Buffer.from([0x4d]));
      link.push({ decode: new Mask(key), encode: new Mask(key) });
      return Promise.resolve(link);
    },
    async accept(link) {
      const [greeting] = await link.reader.readExactly(1);
      if (greeting !== 0x4d) throw new SluiceError('E_PROTOCOL', 'the client does not mask');
      link.push({ decode: new Mask(key), encode: new Mask(key) });
      return link;
    },
  }),
});

interface WrapSettings {
  readonly certificate?: string;
  readonly key?: string;
}

/** @param below ends without a word of the other one where TLS has not come about */
async function secured(
  plane: DataPlane,
  below: LinkDuplex,
  socket: tls.TLSSocket,
  event: 'secure' | 'secureConnect',
): Promise<Link> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause?: unknown): void => reject(new SluiceError('E_PROTOCOL', 'no TLS came about', { cause }));
    socket.once(event, resolve).once('error', failed).once('close', failed);
    below.once('end', failed);
  });
  return new Link(new DuplexConn(plane, socket));
}

/** A security by a library that wants a stream and gives another one. */
export const wrap = defineStreamLayer<WrapSettings>({
  description: 'TLS, as Node has it.',
  schema: Type.Object({
    certificate: Type.Optional(Type.String({ description: 'PEM. Default: none.' })),
    key: Type.Optional(secretString({ description: 'PEM. Default: none.' })),
  }),
  create: ({ settings: { certificate, key }, plane }) => ({
    connect: (link, _session, to) => {
      const servername = to.type === 'domain' ? { servername: to.host } : {};
      const below = new LinkDuplex(link);
      const socket = tls.connect({ socket: below, ...servername, rejectUnauthorized: false });
      return secured(plane, below, socket, 'secureConnect');
    },
    accept: (link) => {
      const context = tls.createSecureContext({ cert: certificate, key });
      const below = new LinkDuplex(link);
      const socket = new tls.TLSSocket(below, { isServer: true, secureContext: context });
      return secured(plane, below, socket, 'secure');
    },
  }),
});

export const layers: Plugin = definePlugin({
  name: 'layers',
  version: '0.0.0',
  description: 'A transport and a security.',
  transports: { mask },
  securities: { wrap },
});
