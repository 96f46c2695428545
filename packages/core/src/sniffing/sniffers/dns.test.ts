import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dnsSniffer } from './dns.js';
import { everySplit } from './every-split.fixture.js';
import { vector } from './hello.fixture.js';

const dns = { protocol: 'dns' };
/** EDNS (RFC 6891) with a cookie, as dig sends it. */
const edns = Buffer.from('000029100000000000000c000a00080123456789abcdef', 'hex');

describe('the dns sniffer', () => {
  it.each([
    ['an address', query()],
    ['the root', query({ name: '' })],
    ['a service', query({ name: '_sip._udp.Example.com', type: 33 })],
    ['a name with a slash', query({ name: '0/25.2.0.192.in-addr.arpa', type: 12 })],
    ["a server's version", query({ name: 'version.bind', type: 16, class: 3 })],
    ['an address by multicast', query({ name: 'printer.local', class: 0x8001 })],
    ['an address, without recursion, with flags of DNSSEC', query({ flags: 0x0030 })],
    ['an address, with EDNS', query({ additional: [edns] })],
    ['an incremental transfer', query({ type: 251, authorities: [record('c00c', 6, '00'.repeat(22))] })],
    ['an address, signed', query({ additional: [edns, record('03666f6f00', 250, '00'.repeat(30))] })],
  ])('knows a query for %s, over UDP and at every split of TCP', (_what, message) => {
    expect(dnsSniffer.sniff([message], 'udp')).toEqual(dns);
    expect(everySplit(dnsSniffer, vector(2, message))).toEqual(dns);
    expect(everySplit(dnsSniffer, Buffer.concat([vector(2, message), vector(2, query())]))).toEqual(dns);
    // Over UDP there is no more to come.
    for (let length = 0; length < message.length; length += 1) {
      expect(dnsSniffer.sniff([message.subarray(0, length)], 'udp')).toBe('no');
    }
    expect(dnsSniffer.sniff([Buffer.concat([message, Buffer.of(0)])], 'udp')).toBe('no');
    for (let length = 0; length < message.length + 2; length += 1) {
      expect(dnsSniffer.sniff([vector(2, message).subarray(0, length)], 'tcp')).toBe('more');
    }
  });

  it.each([
    ['an answer', query({ flags: 0x8180 })],
    ['an update', query({ flags: 0x2800 })],
    ['an authoritative query', query({ flags: 0x0400 })],
    ['a truncated query', query({ flags: 0x0200 })],
    ['a query that failed', query({ flags: 0x0103 })],
    ['a reserved flag', query({ flags: 0x0140 })],
    ['no question', counts(0, 0, 0, 0)],
    ['two questions', counts(2, 0, 0, 0)],
    ['an answer beside the question', counts(1, 1, 0, 0)],
    ['two authorities', counts(1, 0, 2, 0)],
    ['three additional records', counts(1, 0, 0, 3)],
    ['a missing record', counts(1, 0, 0, 1)],
    ['type 0', query({ type: 0 })],
    ['an unknown class', query({ class: 2 })],
    ['a name with a space', query({ name: 'a b.example' })],
    ['a name with a byte beyond ASCII', query({ name: 'b\u00fccher.example' })],
    ['a question that points', query({ rawName: 'c00c' })],
    ['a label of an unknown kind', query({ rawName: '41' + '61'.repeat(65) + '00' })],
    ['too long a name', query({ rawName: ('3f' + '61'.repeat(63)).repeat(4) + '00' })],
    ['a label beyond the end', query({ rawName: '3f6100' })],
    ['a record that points elsewhere', query({ authorities: [record('c00d', 6, '')] })],
    ['a record with data beyond the end', query({ additional: [edns.subarray(0, -1)] })],
    ['a record that ends at its name', query({ additional: [Buffer.of(0)] })],
    ['a record that ends in its name', query({ additional: [Buffer.of(0xc0)] })],
    ['more than 4 KiB', query({ additional: [record('00', 41, '00'.repeat(4_096))] })],
  ])('does not take %s', (_what, message) => {
    expect(dnsSniffer.sniff([message], 'udp')).toBe('no');
    expect(everySplit(dnsSniffer, vector(2, message))).toBe('no');
  });

  it('takes a name of 255 bytes', () => {
    const name = ('3f' + '61'.repeat(63)).repeat(3) + '3d' + '61'.repeat(61) + '00';
    expect(dnsSniffer.sniff([query({ rawName: name })], 'udp')).toEqual(dns);
  });

  it('does not take other protocols of TCP for a length', () => {
    for (const text of ['GET / HTTP/1.1\r\n', 'SSH-2.0-x\r\n', '\x13BitTorrent protocol', '\x16\x03\x01\x02\x00\x01']) {
      expect(everySplit(dnsSniffer, text)).toBe('no');
      expect(dnsSniffer.sniff([Buffer.from(text).subarray(0, 1)], 'tcp')).toBe('no');
    }
    expect(dnsSniffer.sniff([], 'tcp')).toBe('more');
    expect(dnsSniffer.sniff([Buffer.of(0, 16)], 'tcp')).toBe('no');
    expect(dnsSniffer.sniff([Buffer.of(0, 17)], 'tcp')).toBe('more');
  });

  it('never throws, and takes nothing that is random', () => {
    const real = vector(2, query({ additional: [edns] }));
    const change = fc.tuple(fc.nat({ max: real.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(real);
        for (const [at, value] of changes) bytes[at] = value;
        everySplit(dnsSniffer, bytes);
        expect(['no', dns]).toContainEqual(dnsSniffer.sniff([bytes.subarray(2)], 'udp'));
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (random) => {
        const bytes = Buffer.from(random.map((byte) => byte || 1));
        expect(dnsSniffer.sniff([bytes], 'udp')).toBe('no');
        expect(['more', 'no']).toContain(everySplit(dnsSniffer, bytes));
      }),
      { numRuns: 300 },
    );
  });
});

interface QueryParts {
  readonly flags?: number;
  readonly name?: string;
  /** In hex, in place of the name. */
  readonly rawName?: string;
  readonly type?: number;
  readonly class?: number;
  readonly authorities?: readonly Buffer[];
  readonly additional?: readonly Buffer[];
}

function query(parts: QueryParts = {}): Buffer {
  const { name = 'www.example.com', authorities = [], additional = [] } = parts;
  const labels = name === '' ? [] : name.split('.').map((label) => vector(1, Buffer.from(label)));
  const encoded =
    parts.rawName === undefined ? Buffer.concat([...labels, Buffer.of(0)]) : Buffer.from(parts.rawName, 'hex');
  return Buffer.concat([
    words(0xbeef, parts.flags ?? 0x0100, 1, 0, authorities.length, additional.length),
    encoded,
    words(parts.type ?? 1, parts.class ?? 1),
    ...authorities,
    ...additional,
  ]);
}

/** A plain query that claims to have so many questions, answers, authorities, additional records. */
function counts(...numbers: readonly [number, number, number, number]): Buffer {
  const message = query();
  words(...numbers).copy(message, 4);
  return message;
}

function record(name: string, type: number, data: string): Buffer {
  return Buffer.concat([Buffer.from(name, 'hex'), words(type, 1, 0, 0), vector(2, Buffer.from(data, 'hex'))]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16BE(value, i * 2));
  return bytes;
}
