import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '@sluice/plugin-api';
import { requested, type Parsed } from './address.js';
import {
  formatAuthResult,
  formatChoice,
  formatCredentials,
  formatGreeting,
  formatReply,
  formatRequest,
  formatUdpHeader,
  parseAuthResult,
  parseChoice,
  parseCredentials,
  parseGreeting,
  parseReply,
  parseRequest,
  parseUdpHeader,
} from './codec.js';
import { formatReply4, parseRequest4 } from './codec4.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** The message alone, every beginning of it, and the message with payload after it. */
function expectAtEverySplit<T>(parse: (bytes: Buffer) => Parsed<T> | null, message: Buffer, value: T): void {
  for (let size = 0; size < message.length; size += 1)
    expect(parse(message.subarray(0, size)), `${size} bytes`).toBeNull();
  expect(parse(message)).toEqual({ value, length: message.length });
  expect(parse(Buffer.concat([message, hex('0504 01ff')]))).toEqual({ value, length: message.length });
}

const host = fc.oneof(
  fc.ipV4(),
  fc.constantFrom('::1', '2001:db8::1', 'fe80::1', '::', 'ff02::fb'),
  fc.stringMatching(/^[a-z][a-z0-9.-]{0,250}$/),
  fc.constant(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`),
);
const port = fc.integer({ min: 0, max: 65535 });
const field = fc.uint8Array({ maxLength: 255 }).map((bytes) => Buffer.from(bytes));

describe('SOCKS 5 messages', () => {
  it('are those of RFC 1928 and RFC 1929, byte for byte', () => {
    expect(formatGreeting([0, 2])).toEqual(hex('05 02 00 02'));
    expect(formatChoice(2)).toEqual(hex('05 02'));
    expect(formatCredentials({ user: Buffer.from('ab'), pass: Buffer.from('c') })).toEqual(hex('01 02 6162 01 63'));
    expect(formatAuthResult(true)).toEqual(hex('01 00'));
    expect(formatAuthResult(false)).toEqual(hex('01 01'));
    expect(formatRequest(1, '1.2.3.4', 443)).toEqual(hex('05 01 00 01 01020304 01bb'));
    expect(formatRequest(3, '2001:db8::1', 53)).toEqual(hex('05 03 00 04 20010db8000000000000000000000001 0035'));
    expect(formatRequest(1, 'a.io', 80)).toEqual(hex('05 01 00 03 04 612e696f 0050'));
    expect(formatReply(5)).toEqual(hex('05 05 00 01 00000000 0000'));
    expect(formatUdpHeader('1.2.3.4', 53)).toEqual(hex('0000 00 01 01020304 0035'));
  });

  it('are read back at every split point', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 9), host, port, (command, name, number) => {
        expectAtEverySplit(parseRequest, formatRequest(command, name, number), { command, host: name, port: number });
        expectAtEverySplit(parseReply, formatReply(0, name, number), { reply: 0, host: name, port: number });
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(field, field, (user, pass) =>
        expectAtEverySplit(parseCredentials, formatCredentials({ user, pass }), { user, pass }),
      ),
      { numRuns: 40 },
    );
    fc.assert(
      fc.property(field, (methods) => expectAtEverySplit(parseGreeting, formatGreeting([...methods]), methods)),
      { numRuns: 40 },
    );
    expectAtEverySplit(parseChoice, formatChoice(0xff), 0xff);
    expectAtEverySplit(parseAuthResult, formatAuthResult(true), true);
    expectAtEverySplit(parseAuthResult, hex('01 ff'), false);
  });

  it('tell of a refusal even where the server sends no address with it', () => {
    expect(parseReply(hex('05 05'))?.value.reply).toBe(5);
    expect(parseReply(hex('05 02 00 00'))?.value.reply).toBe(2);
  });

  it.each([
    ['greeting', parseGreeting, '04'],
    ['choice', parseChoice, '48'],
    ['credentials', parseCredentials, '05'],
    ['authentication result', parseAuthResult, '05'],
    ['request', parseRequest, '01'],
    ['reply', parseReply, '00'],
  ])('of a wrong version fail on their first byte: %s', (_name, parse: (bytes: Buffer) => unknown, first) => {
    expect(() => parse(hex(first))).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
  });

  it('with an unknown kind of address fail with reply 8', () => {
    for (const type of ['00', '02', '05', 'ff']) {
      expect(() => parseRequest(hex(`05 01 00 ${type}`))).toThrow(
        expect.objectContaining({ code: 'E_PROTOCOL', details: { reply: 8 } }),
      );
    }
  });

  it('of any bytes are read, wanted more of or refused with a coded error, and never take more than they were given', () => {
    const parsers = [
      parseGreeting,
      parseChoice,
      parseCredentials,
      parseAuthResult,
      parseRequest,
      parseReply,
      parseRequest4,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom<(bytes: Buffer) => Parsed<unknown> | null>(...parsers),
        fc.uint8Array({ maxLength: 600 }),
        (parse, bytes) => {
          try {
            const parsed = parse(Buffer.from(bytes));
            if (parsed !== null) expect(parsed.length).toBeLessThanOrEqual(bytes.length);
            else expect(bytes.length).toBeLessThan(530);
          } catch (error) {
            expect(error).toBeInstanceOf(SluiceError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('do not carry what has no room in them', () => {
    for (const name of ['', 'x'.repeat(256), 'ü'.repeat(128), '/run/a.sock', '@a']) {
      expect(() => formatRequest(1, name, 1)).toThrow(expect.objectContaining({ code: 'E_ADDRESS_INVALID' }));
    }
  });
});

describe('a UDP header', () => {
  it('is read back, and its payload found', () => {
    fc.assert(
      fc.property(host, port, fc.uint8Array({ maxLength: 40 }), (name, number, payload) => {
        const header = formatUdpHeader(name, number);
        const read = parseUdpHeader(Buffer.concat([header, payload]));
        expect(read).toEqual({ fragment: 0, host: name, port: number, length: header.length });
        for (let size = 0; size < header.length; size += 1) expect(parseUdpHeader(header.subarray(0, size))).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('shows a fragment', () => {
    expect(parseUdpHeader(hex('0000 81 01 01020304 0035'))?.fragment).toBe(0x81);
  });

  it('of any bytes is read, missed or refused with a coded error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          const header = parseUdpHeader(Buffer.from(bytes));
          if (header !== null) expect(header.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('SOCKS 4 requests', () => {
  it('are read at every split point, with the name of 4A and without', () => {
    expectAtEverySplit(parseRequest4, hex('04 01 0050 01020304 00'), { command: 1, host: '1.2.3.4', port: 80 });
    expectAtEverySplit(parseRequest4, hex('04 02 01bb 01020304 6d6500'), { command: 2, host: '1.2.3.4', port: 443 });
    expectAtEverySplit(parseRequest4, hex('04 01 0050 00000001 6d6500 612e696f00'), {
      command: 1,
      host: 'a.io',
      port: 80,
    });
    expectAtEverySplit(parseRequest4, hex('04 01 0050 00000000 00'), { command: 1, host: '0.0.0.0', port: 80 });
  });

  it('may have fields of 255 bytes and no more', () => {
    const head = hex('04 01 0050 00000001');
    const name = (size: number): Buffer => Buffer.from('n'.repeat(size));
    const zero = Buffer.alloc(1);
    expect(parseRequest4(Buffer.concat([head, name(255), zero, name(255), zero]))?.value.host).toHaveLength(255);
    expect(() => parseRequest4(Buffer.concat([head, name(256)]))).toThrow(
      expect.objectContaining({ code: 'E_PROTOCOL' }),
    );
    expect(() => parseRequest4(Buffer.concat([head, zero, name(256)]))).toThrow(
      expect.objectContaining({ code: 'E_PROTOCOL' }),
    );
    expect(() => parseRequest4(Buffer.concat([head, zero, zero]))).toThrow(
      expect.objectContaining({ code: 'E_ADDRESS_INVALID' }),
    );
  });

  it('are answered in eight bytes that begin with zero', () => {
    expect(formatReply4(0x5a)).toEqual(hex('00 5a 0000 00000000'));
  });
});

describe('the host that a stranger asks for', () => {
  it('is never a path on this machine', () => {
    for (const name of ['/var/run/docker.sock', '@abstract', '', 'a b', 'a\nb', 'a\0b']) {
      expect(() => requested('tcp', { host: name, port: 80 })).toThrow(
        expect.objectContaining({ code: 'E_ADDRESS_INVALID' }),
      );
    }
  });

  it('is an IP where the name is one', () => {
    expect(requested('tcp', { host: '127.0.0.1', port: 80 })).toEqual({
      network: 'tcp',
      type: 'ipv4',
      host: '127.0.0.1',
      port: 80,
    });
    expect(requested('udp', { host: 'Example.ORG', port: 80 })).toMatchObject({
      network: 'udp',
      type: 'domain',
      host: 'example.org',
    });
  });

  it('must be text', () => {
    expect(() => parseRequest(hex('05 01 00 03 02 c328 0050'))).toThrow(
      expect.objectContaining({ code: 'E_ADDRESS_INVALID' }),
    );
    expect(() => parseRequest(hex('05 01 00 03 00 0050'))).toThrow(
      expect.objectContaining({ code: 'E_ADDRESS_INVALID' }),
    );
  });
});
