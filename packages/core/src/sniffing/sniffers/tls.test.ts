import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everySplit } from './every-split.fixture.js';
import { helloMessage, opensslHello, records, serverNames, vector } from './hello.fixture.js';
import { tlsSniffer } from './tls.js';

const example = { protocol: 'tls', domain: 'www.example.com' };
const nameless = { protocol: 'tls' };
const real = opensslHello({ servername: 'www.Example.com' });
const message = real.subarray(5);

function sniff(bytes: Buffer): unknown {
  return tlsSniffer.sniff([bytes], 'tcp');
}

describe('the tls sniffer', () => {
  it("finds the name in OpenSSL's hello, however it arrives", () => {
    expect(real.length).toBeGreaterThan(200);
    expect(everySplit(tlsSniffer, real)).toEqual(example);
    expect(sniff(real.subarray(0, -1))).toBe('more');
  });

  it('knows hellos of TLS 1.2 and ones without a name', () => {
    const old = opensslHello({ servername: 'old.example', maxVersion: 'TLSv1.2' });
    expect(everySplit(tlsSniffer, old)).toEqual({ protocol: 'tls', domain: 'old.example' });
    expect(everySplit(tlsSniffer, opensslHello())).toEqual(nameless);
    expect(everySplit(tlsSniffer, records(helloMessage({})))).toEqual(nameless);
    expect(everySplit(tlsSniffer, records(helloMessage({ extensions: [] })))).toEqual(nameless);
  });

  it.each([1, 2, 3, 4, 5, 7, 100])('puts together a hello over records of %i bytes', (size) => {
    expect(everySplit(tlsSniffer, records(message, size))).toEqual(example);
  });

  it('puts together records of any sizes, with early data or another message behind the hello', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }),
        (sizes, behind) => {
          const parts: Buffer[] = [];
          let at = 0;
          for (const size of sizes) {
            if (at < message.length) parts.push(records(message.subarray(at, at + size)));
            at += size;
          }
          if (at < message.length) parts.push(records(message.subarray(at)));
          expect(sniff(Buffer.concat([...parts, behind]))).toEqual(example);
        },
      ),
    );
  });

  it('leaves out what is no name', () => {
    for (const name of ['127.0.0.1', '::1', 'a b', '', 'example.com:443', 'ex\0ample.com', '\xe4.example']) {
      expect(sniff(records(helloMessage({ extensions: [serverNames(name)] })))).toEqual(nameless);
    }
    // A name that would end behind its list.
    expect(sniff(records(helloMessage({ extensions: [[0, vector(2, Buffer.of(0, 0, 5, 97))]] })))).toEqual(nameless);
    const name = [0, vector(2, Buffer.concat([Buffer.of(9), vector(2, Buffer.from('other.example'))]))] as const;
    expect(sniff(records(helloMessage({ extensions: [name] })))).toEqual(nameless);
    expect(sniff(records(helloMessage({ extensions: [[0, Buffer.of(0, 9, 0, 0, 1, 97)]] })))).toEqual(nameless);
  });

  it('takes the first of several names', () => {
    const two = [serverNames('www.example.com', 'other.example')];
    expect(sniff(records(helloMessage({ extensions: two })))).toEqual(example);
    const twice = [serverNames('www.example.com'), serverNames('other.example')];
    expect(sniff(records(helloMessage({ extensions: twice })))).toEqual(example);
  });

  it('takes a hello of up to 64 KiB', () => {
    const padding = (length: number): readonly [number, Buffer] => [21, Buffer.alloc(length)];
    const extensions = [padding(30_000), padding(30_000), serverNames('www.example.com')];
    expect(sniff(records(helloMessage({ extensions })))).toEqual(example);
    expect(sniff(Buffer.of(22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xfc, 3))).toBe('more');
    expect(sniff(Buffer.of(22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xfd, 3))).toBe('no');
    expect(sniff(Buffer.of(22, 3, 1, 0x40, 0, 1, 1))).toBe('no');
  });

  it.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a ServerHello', Buffer.of(22, 3, 3, 0, 80, 2)],
    ['an alert', Buffer.of(21, 3, 1, 0, 2, 1, 0)],
    ['another major version', Buffer.of(22, 2)],
    ['a version never made', Buffer.of(22, 3, 5)],
    ['an empty record', Buffer.of(22, 3, 1, 0, 0)],
    ['too long a record', Buffer.of(22, 3, 1, 0x40, 1)],
    ['a hello too short for its parts', Buffer.of(22, 3, 1, 0, 41, 1, 0, 0, 37)],
    ['a hello of no version of TLS', Buffer.of(22, 3, 1, 0, 80, 1, 0, 0, 76, 2)],
    ['a hello cut off by another record', Buffer.concat([records(message.subarray(0, 50)), Buffer.of(23)])],
    ['extensions beyond the hello', records(withLengths(message, 1))],
    [
      'an extension beyond the others',
      records(longerLast(helloMessage({ extensions: [serverNames('a'), [21, Buffer.of(0)]] }))),
    ],
    ['a hello beyond its extensions', records(withLengths(message, -1))],
  ])('does not take %s', (_what, bytes) => {
    expect(everySplit(tlsSniffer, bytes)).toBe('no');
  });

  it('says no as early as the first byte', () => {
    for (let first = 0; first < 256; first += 1) expect(sniff(Buffer.of(first))).toBe(first === 22 ? 'more' : 'no');
    expect(tlsSniffer.sniff([], 'tcp')).toBe('more');
  });

  it('never throws at a broken hello, and takes no name from random bytes', () => {
    const place = fc.nat({ max: real.length - 1 });
    const changes = fc.array(fc.tuple(place, fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    fc.assert(
      fc.property(changes, place, (changed, length) => {
        const bytes = Buffer.from(real);
        for (const [at, value] of changed) bytes[at] = value;
        everySplit(tlsSniffer, bytes.subarray(0, Math.max(100, length)));
      }),
      { numRuns: 40 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        expect(['more', 'no']).toContain(sniff(Buffer.from(random)));
        // Behind the right start, too.
        sniff(Buffer.concat([real.subarray(0, 10), random]));
      }),
      { numRuns: 500 },
    );
  });
});

/** The hello with the length of all its extensions changed. */
function withLengths(hello: Buffer, change: number): Buffer {
  const changed = Buffer.from(hello);
  let at = 4 + 2 + 32;
  at += 1 + (changed[at] ?? 0);
  at += 2 + changed.readUInt16BE(at);
  at += 1 + (changed[at] ?? 0);
  changed.writeUInt16BE(changed.readUInt16BE(at) + change, at);
  return changed;
}

/** The hello with the length of its last extension, of one byte, changed to two. */
function longerLast(hello: Buffer): Buffer {
  const changed = Buffer.from(hello);
  changed[changed.length - 2] = 2;
  return changed;
}
