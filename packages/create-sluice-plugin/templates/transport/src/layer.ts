import { Buffer } from 'node:buffer';
import { SluiceError, type Link, type StreamLayer, type StreamLayerContext } from '@sluice/plugin-api';
import { Mask } from './codec.js';
import type { LayerSettings } from './schema.js';

/** What the client's end says first. */
const GREETING = Buffer.from('__name__\n');

/** Both ends of the transport: a greeting, and masked bytes after it. */
export class __Name__Layer implements StreamLayer {
  readonly #key: Buffer;

  constructor({ settings }: StreamLayerContext<LayerSettings>) {
    this.#key = Buffer.from(settings.key);
  }

  connect(link: Link): Promise<Link> {
    link.write(GREETING);
    return Promise.resolve(this.#masked(link));
  }

  async accept(link: Link): Promise<Link> {
    const greeting = await link.reader.readExactly(GREETING.length);
    if (!greeting.equals(GREETING)) throw new SluiceError('E_PROTOCOL', 'the client does not speak __name__');
    return this.#masked(link);
  }

  #masked(link: Link): Link {
    link.push({ decode: new Mask(this.#key), encode: new Mask(this.#key) });
    return link;
  }
}
