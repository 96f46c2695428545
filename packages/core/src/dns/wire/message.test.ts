import { Buffer } from 'node:buffer';
import { ipToBytes } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildAnswer, buildQuery, withId } from './build.js';
import { isAnswerTo, isTruncated, offeredSize, parseAnswer, parseQuery, RCODE, TYPE } from './message.js';
import { ip4, reply, soa } from './message.fixture.js';
import { writeName } from './name.js';

const query = buildQuery('www.example.org', TYPE.A);
const cname = (to: string, name?: string, ttl = 300) => ({
  ...(name === undefined ? {} : { name }),
  type: TYPE.CNAME,
  ttl,
  data: writeName(to),
});

describe('a query', () => {
  test('asks one question, for recursion, and offers 1232 bytes', () => {
    const hex = query.toString('hex').slice(4);
    const question = '03777777076578616d706c65036f7267000001' + '0001';
    expect(hex).toBe(`01000001000000000001${question}00002904d0000000000000`);
    expect(offeredSize(query)).toBe(1232);
    expect(parseQuery(query)?.question).toEqual({ name: 'www.example.org', type: 1, class: 1 });
  });

  test('has an id that cannot be guessed', () => {
    const ids = new Set(Array.from({ length: 200 }, () => buildQuery('a', TYPE.A).readUInt16BE(0)));
    expect(ids.size).toBeGreaterThan(190);
  });

  // RFC 7871, 6: the option, its length, family, source prefix, scope prefix, address.
  test.each([
    ['192.0.2.77', '0008' + '0007' + '0001' + '18' + '00' + 'c00002'],
    ['2001:db8:1:2:3::', '0008' + '000b' + '0002' + '38' + '00' + '20010db8000100'],
  ])('tells the network of %s and not the host', (clientIp, option) => {
    const told = buildQuery('a', TYPE.A, clientIp).toString('hex');
    expect(told.endsWith(`${(option.length / 2).toString(16).padStart(4, '0')}${option}`)).toBe(true);
  });

  test('of something else is none', () => {
    const broken = (change: (message: Buffer) => void): Buffer => {
      const copy = Buffer.from(query);
      change(copy);
      return copy;
    };
    expect(parseQuery(query.subarray(0, 11))).toBeUndefined();
    expect(parseQuery(query.subarray(0, 30))).toBeUndefined();
    expect(parseQuery(broken((message) => (message[2] = 0x81)))).toBeUndefined();
    expect(parseQuery(broken((message) => (message[2] = 0x28)))).toBeUndefined();
    expect(parseQuery(broken((message) => message.writeUInt16BE(2, 4)))).toBeUndefined();
    expect(parseQuery(broken((message) => message.writeUInt16BE(0, 4)))).toBeUndefined();
  });
});

describe('an answer', () => {
  test('has the addresses of the name, and the least time of all that led to them', () => {
    const message = reply(query, {
      answers: [
        cname('a.example', undefined, 40),
        cname('b.example', 'a.example', 20),
        { name: 'b.example', type: TYPE.A, ttl: 30, data: ip4(192, 0, 2, 1) },
        { name: 'b.example', type: TYPE.A, ttl: 31, data: ip4(192, 0, 2, 2) },
      ],
    });
    expect(parseAnswer(message)).toMatchObject({ addresses: ['192.0.2.1', '192.0.2.2'], ttl: 20, rcode: 0 });
  });

  test('says nothing of other names, types and classes', () => {
    const message = reply(query, {
      answers: [
        { name: 'evil.example', type: TYPE.A, data: ip4(10, 0, 0, 1) },
        { type: TYPE.AAAA, data: Buffer.alloc(16) },
        { type: TYPE.A, class: 3, data: ip4(10, 0, 0, 2) },
        { type: 16, data: Buffer.from('\x04text') },
      ],
    });
    expect(parseAnswer(message)).toMatchObject({ addresses: [], ttl: undefined });
  });

  test('has no IPv4 address in the form of IPv6', () => {
    const asked = buildQuery('www.example.org', TYPE.AAAA);
    const mapped = Buffer.from('00000000000000000000ffff01020304', 'hex');
    const data = Buffer.from('20010db8000000000000000000000001', 'hex');
    const answers = [mapped, data].map((each) => ({ type: TYPE.AAAA, data: each }));
    expect(parseAnswer(reply(asked, { answers })).addresses).toEqual(['2001:db8::1']);
    const answer = buildAnswer(asked, RCODE.NOERROR, ['2001:db8::1', '::'], 7);
    expect(parseAnswer(answer)).toMatchObject({ addresses: ['2001:db8::1', '::'], ttl: 7 });
  });

  test('with names in a circle has no addresses', () => {
    const message = reply(query, { answers: [cname('a.example'), cname('www.example.org', 'a.example')] });
    expect(parseAnswer(message).addresses).toEqual([]);
  });

  test.each([
    ['the minimum', { ttl: 900, minimum: 60, rcode: RCODE.NXDOMAIN }, 60],
    ["the record's own time", { ttl: 30, minimum: 60, rcode: RCODE.NOERROR }, 30],
  ])('that there is nothing is kept for as long as %s says (RFC 2308)', (_what, { ttl, minimum, rcode }, kept) => {
    const authorities = [{ name: 'example.org', type: TYPE.SOA, ttl, data: soa(minimum) }];
    expect(parseAnswer(reply(query, { rcode, authorities }))).toMatchObject({ addresses: [], ttl: kept, rcode });
  });

  test('that there is nothing of an alias is kept for no longer than the alias', () => {
    const authorities = [{ name: 'example.org', type: TYPE.SOA, ttl: 900, data: soa(900) }];
    expect(parseAnswer(reply(query, { answers: [cname('a.example', undefined, 5)], authorities })).ttl).toBe(5);
  });

  test('with a time beyond 31 bits is not kept (RFC 2181)', () => {
    const answers = [{ type: TYPE.A, ttl: 0x80000000, data: ip4(1, 2, 3, 4) }];
    expect(parseAnswer(reply(query, { answers })).ttl).toBe(0);
  });

  test('with an address of the wrong size is refused', () => {
    expect(() => parseAnswer(reply(query, { answers: [{ type: TYPE.A, data: ip4(1, 2, 3) }] }))).toThrow(
      expect.objectContaining({ code: 'E_DNS_FAILED' }),
    );
  });

  test('cut off anywhere is refused, and said to be truncated is not looked at', () => {
    const whole = reply(query, {
      answers: [cname('a.example'), { name: 'a.example', type: TYPE.A, data: ip4(1, 2, 3, 4) }],
      authorities: [{ name: 'example.org', type: TYPE.SOA, data: soa(1) }],
    });
    for (let end = 0; end < whole.length; end += 1)
      expect(() => parseAnswer(whole.subarray(0, end)), `${end}`).toThrow();
    const truncated = Buffer.from(whole.subarray(0, 50));
    truncated[2] = 0x83;
    expect(isTruncated(truncated)).toBe(true);
    expect(parseAnswer(truncated)).toMatchObject({ isTruncated: true, addresses: [] });
  });

  test('of junk is an answer or refused', () => {
    const byte = fc.oneof(fc.constantFrom(0, 1, 5, 6, 28, 0xc0, 12), fc.nat(255));
    const whole = reply(query, {
      answers: [cname('a.example'), { name: 'a.example', type: TYPE.A, data: ip4(1, 2, 3, 4) }],
      authorities: [{ name: 'example.org', type: TYPE.SOA, data: soa(1) }],
    });
    const junk = fc.oneof(
      fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      // Nearly an answer: some bytes of a good one are others.
      fc.array(fc.tuple(fc.nat(whole.length - 1), byte), { minLength: 1, maxLength: 6 }).map((changes) => {
        const copy = Buffer.from(whole);
        for (const [at, to] of changes) copy[at] = to;
        return copy;
      }),
    );
    fc.assert(
      fc.property(junk, (message) => {
        isAnswerTo(message, query);
        isAnswerTo(query, message);
        offeredSize(message);
        parseQuery(message);
        buildAnswer(message, RCODE.FORMERR);
        try {
          for (const address of parseAnswer(message).addresses) expect(ipToBytes(address).length).toBeGreaterThan(3);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_DNS_FAILED' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('whether a message answers a query', () => {
  const good = reply(query, { answers: [{ type: TYPE.A, data: ip4(1, 2, 3, 4) }] });

  test('it has its id and its question, in letters of any case', () => {
    expect(isAnswerTo(good, query)).toBe(true);
    const shouted = Buffer.from(good);
    shouted.write('WWW', 13);
    expect(isAnswerTo(shouted, query)).toBe(true);
  });

  test.each<[string, Buffer]>([
    ['another id', withId(good, good.readUInt16BE(0) ^ 1)],
    ['a query', query],
    ['another name', reply(buildQuery('wwx.example.org', TYPE.A), {})],
    ['another type', withId(reply(buildQuery('www.example.org', TYPE.AAAA), {}), query.readUInt16BE(0))],
    ['a part', good.subarray(0, 20)],
    ['nothing', Buffer.alloc(0)],
  ])('%s does not', (_what, message) => {
    expect(isAnswerTo(message, query)).toBe(false);
  });

  test('an error may leave the question out, an answer may not', () => {
    const header = Buffer.from(good.subarray(0, 12));
    header.fill(0, 4);
    expect(isAnswerTo(header, query)).toBe(false);
    header[3] = RCODE.FORMERR;
    expect(isAnswerTo(header, query)).toBe(true);
  });
});

describe('an answer of our own', () => {
  test('has the question as it was asked, and what is found', () => {
    const asked = Buffer.from(query);
    asked.write('WwW', 13);
    const answer = buildAnswer(asked, RCODE.NOERROR, ['192.0.2.1', '192.0.2.2'], 77);
    expect(answer.subarray(12, 33)).toEqual(asked.subarray(12, 33));
    expect(isAnswerTo(answer, asked)).toBe(true);
    expect(parseAnswer(answer)).toMatchObject({ addresses: ['192.0.2.1', '192.0.2.2'], ttl: 77, rcode: 0 });
    // QR, RD and RA.
    expect(answer.readUInt16BE(2)).toBe(0x8180);
  });

  test('says that it knows extensions to whoever said so, and to nobody else', () => {
    const plain = Buffer.from(query.subarray(0, query.length - 11));
    plain.writeUInt16BE(0, 10);
    const count = (asked: Buffer): number => buildAnswer(asked, RCODE.NOERROR, ['192.0.2.1'], 1).readUInt16BE(10);
    expect([count(query), count(plain)]).toEqual([1, 0]);
  });

  test('to what is no query has its id and kind', () => {
    const notify = Buffer.from(query);
    notify[2] = 0x20;
    const answer = buildAnswer(notify, RCODE.NOTIMP);
    expect(answer.readUInt16BE(0)).toBe(query.readUInt16BE(0));
    expect(answer.subarray(2).toString('hex')).toBe('a0840000000000000000');
    expect(buildAnswer(Buffer.of(0xab, 0xcd), RCODE.FORMERR).toString('hex')).toBe('abcd80810000000000000000');
  });
});
