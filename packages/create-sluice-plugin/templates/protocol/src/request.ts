import { Buffer } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatHostPort, parseDestination, SluiceError, type Destination } from '@sluice/plugin-api';

/** The longest request line, in bytes. */
export const MAX_REQUEST = 512;

/** What a client proves to know, and what payload is masked with. */
export class Password {
  readonly key: Buffer;

  constructor(password: string) {
    this.key = createHash('sha256').update(password).digest();
  }

  /** "__name__ <proof> <host:port>\n". @throws SluiceError E_UNSUPPORTED for what has no host and port */
  request(to: Destination): Buffer {
    if (to.type === 'unix') throw new SluiceError('E_UNSUPPORTED', '__name__ does not lead to Unix sockets');
    return Buffer.from(`__name__ ${this.#proof().toString('hex')} ${formatHostPort(to.host, to.port)}\n`);
  }

  /** Where a client's line wants to go. @throws SluiceError E_PROTOCOL, E_AUTH, E_ADDRESS_INVALID */
  open(line: Buffer): Destination {
    const parts = /^__name__ ([0-9a-f]{64}) (\S+)\n$/.exec(line.toString('latin1'));
    if (parts === null) throw new SluiceError('E_PROTOCOL', 'the client speaks another protocol');
    const [, proof = '', target = ''] = parts;
    // In constant time: how long it takes must not say how much of a guess was right.
    if (!timingSafeEqual(Buffer.from(proof, 'hex'), this.#proof()))
      throw new SluiceError('E_AUTH', 'the client has another password');
    const to = parseDestination('tcp', target);
    // A path would lead to this machine's own services.
    if (to.type === 'unix') throw new SluiceError('E_ADDRESS_INVALID', 'the client asks for a Unix socket');
    return to;
  }

  #proof(): Buffer {
    return createHash('sha256').update('__name__').update(this.key).digest();
  }
}
