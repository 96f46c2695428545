import { connPair, DataPlane, Link } from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeProxyHeader } from './encode.js';
import { readProxyHeader } from './read-proxy-header.js';

const source = { address: '192.0.2.1', port: 56324 };
const destination = { address: '198.51.100.2', port: 443 };

let proxy: Link;
let link: Link;

beforeEach(() => {
  const [theirs, ours] = connPair(new DataPlane());
  proxy = new Link(theirs);
  link = new Link(ours);
});
afterEach(() => {
  proxy.destroy();
  link.destroy();
});

/** A turn of the event loop, in which what was written arrives. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('readProxyHeader', () => {
  it.each([1, 2] as const)('takes version %i off, however it comes, and leaves the rest', async (version) => {
    const reading = readProxyHeader(link.reader);
    for (const byte of encodeProxyHeader(version, source, destination)) {
      proxy.write(Buffer.from([byte]));
      await turn();
    }
    expect((await reading).addresses).toEqual({ source, destination });
    expect(link.reader.buffered).toHaveLength(0);
    proxy.write(Buffer.from('the rest'));
    expect((await link.reader.readExactly(8)).toString()).toBe('the rest');
  });

  it.each([1, 2] as const)('leaves what came with version %i in one piece', async (version) => {
    proxy.write(Buffer.concat([encodeProxyHeader(version, source, destination), Buffer.from('the rest')]));
    expect((await readProxyHeader(link.reader)).addresses).toEqual({ source, destination });
    expect(link.reader.buffered.toString()).toBe('the rest');
  });

  it('refuses another protocol at its first byte', async () => {
    proxy.write(Buffer.from('G'));
    await expect(readProxyHeader(link.reader)).rejects.toMatchObject({ code: 'E_PROTOCOL' });
  });

  it('refuses a line without end', async () => {
    proxy.write(Buffer.from('PROXY UNKNOWN '));
    const reading = readProxyHeader(link.reader);
    proxy.write(Buffer.alloc(200, 0x20));
    await expect(reading).rejects.toMatchObject({ code: 'E_PROTOCOL' });
  });

  it('says so when the proxy leaves in the middle', async () => {
    const reading = readProxyHeader(link.reader);
    proxy.write(Buffer.from('PROXY TCP4 192.'));
    proxy.end();
    await expect(reading).rejects.toMatchObject({ code: 'E_CONN_CLOSED' });
  });
});
