import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyDecoder, BodyForwarder, HttpError, type Framing } from '../codec.js';

const chunked: Framing = { kind: 'chunked' };

interface Decoded {
  readonly payload: string;
  readonly done: boolean;
  readonly rest: string;
}

/** Decodes parts one after another until the body is done; the rest is what came behind it. */
function decode(framing: Framing, parts: readonly Buffer[]): Decoded {
  const decoder = bodyDecoder(framing, 400);
  const payload: Buffer[] = [];
  const rest: Buffer[] = [];
  for (const part of parts) {
    const used = decoder.done ? 0 : decoder.write(part, (bytes) => void payload.push(Buffer.from(bytes)));
    rest.push(part.subarray(used));
  }
  return {
    payload: Buffer.concat(payload).toString('latin1'),
    done: decoder.done,
    rest: Buffer.concat(rest).toString('latin1'),
  };
}

function forward(framing: Framing, asChunks: boolean, parts: readonly Buffer[]): string {
  const forwarder = new BodyForwarder(framing, asChunks, 400);
  const out: Buffer[] = [];
  for (const part of parts) forwarder.write(part, (bytes) => void out.push(Buffer.from(bytes)));
  if (framing.kind === 'close') forwarder.end((bytes) => void out.push(Buffer.from(bytes)));
  return Buffer.concat(out).toString('latin1');
}

/** Cuts of a buffer into pieces, in all sizes from byte by byte on. */
function cutAt(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    parts.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...parts, bytes.subarray(at)];
}

const body =
  '4\r\nWiki\r\n6;a="b;c"\r\npedia \r\nE \t;x\r\nin \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\n\r\n';

describe('a chunked body', () => {
  it('is decoded at every split point', () => {
    const bytes = Buffer.from(`${body}GET`, 'latin1');
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(decode(chunked, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual({
        payload: 'Wikipedia in \r\n\r\nchunks.',
        done: true,
        rest: 'GET',
      });
    }
    expect(
      decode(
        chunked,
        Array.from(bytes, (byte) => Buffer.of(byte)),
      ),
    ).toMatchObject({ done: true, rest: 'GET' });
  });

  it('comes out as chunks of our own, without extensions and without trailers that frame', () => {
    expect(forward(chunked, true, [Buffer.from(body)])).toBe(
      '18\r\nWikipedia in \r\n\r\nchunks.\r\n0\r\nX-Sum: 1\r\n\r\n',
    );
    expect(forward(chunked, false, [Buffer.from(body)])).toBe('Wikipedia in \r\n\r\nchunks.');
  });

  it('is the same payload whatever the chunks, cuts and sizes', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20_000 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(9000), { maxLength: 12 }), (chunks, sizes) => {
        const wire = Buffer.concat([
          ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
          Buffer.from('0\r\n\r\n'),
        ]);
        const payload = Buffer.concat(chunks).toString('latin1');
        const forwarded = forward(chunked, true, cutAt(wire, sizes));
        expect(decode(chunked, [Buffer.from(forwarded, 'latin1')])).toEqual({ payload, done: true, rest: '' });
        expect(forward(chunked, false, cutAt(wire, sizes))).toBe(payload);
      }),
    );
  });

  it.each([
    ['no size', '\r\n'],
    ['a sign', '+1\r\na\r\n'],
    ['0x', '0x1\r\na\r\n'],
    ['a space before the size', ' 1\r\na\r\n'],
    ['a word after the size', '1 a\r\n'],
    ['a comma', '1,\r\n'],
    ['a size beyond 2^52', '10000000000000\r\n'],
    ['a size of leading zeros', '00000000000001\r\n'],
    ['a lone LF after the size', '1\na\r\n'],
    ['a lone CR after the size', '1\ra'],
    ['a lone LF in an extension', '1;a\nb\r\n'],
    ['NUL in an extension', '1;\0\r\n'],
    ['too much data', '1\r\nab\r\n'],
    ['too little data', '3\r\na\r\n0\r\n\r\n'],
    ['a lone LF after the data', '1\r\na\n0\r\n\r\n'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n'],
    ['a lone LF in the trailers', '0\r\nA: b\n\r\n'],
    ['a trailer that is none', '0\r\nGET / HTTP/1.1\r\n\r\n'],
  ])('is refused with %s', (_what, text) => {
    for (const parts of [[Buffer.from(text)], Array.from(Buffer.from(text), (byte) => Buffer.of(byte))]) {
      expect(() => decode(chunked, parts)).toThrow(HttpError);
    }
  });

  it('may not hide much more in extensions than it carries', () => {
    const wire = Buffer.from(`1;${'x'.repeat(2000)}\r\na\r\n`.repeat(10));
    expect(() => decode(chunked, [wire])).toThrow('extensions');
    const fair = Buffer.from(`400;${'x'.repeat(900)}\r\n${'a'.repeat(1024)}\r\n`.repeat(100));
    expect(decode(chunked, [fair])).toMatchObject({ done: false, rest: '' });
  });

  it.each([1, 10, body.length - 1])('knows that it is cut off after %i bytes', (length) => {
    const decoder = bodyDecoder(chunked, 502);
    decoder.write(Buffer.from(body.slice(0, length)), () => undefined);
    expect(() => decoder.end()).toThrow(HttpError);
  });
});

describe('a body of known length', () => {
  it('ends after that many bytes', () => {
    expect(decode({ kind: 'length', length: 5 }, [Buffer.from('abc'), Buffer.from('defg')])).toEqual({
      payload: 'abcde',
      done: true,
      rest: 'fg',
    });
    expect(decode({ kind: 'none' }, [Buffer.from('abc')])).toEqual({ payload: '', done: true, rest: 'abc' });
  });

  it('knows that it is cut off', () => {
    const decoder = bodyDecoder({ kind: 'length', length: 5 }, 502);
    decoder.write(Buffer.from('abc'), () => undefined);
    expect(() => decoder.end()).toThrow('2 bytes are missing');
  });
});

describe('a body that ends with the connection', () => {
  it('is passed on in chunks, which show a cut', () => {
    expect(forward({ kind: 'close' }, true, [Buffer.from('ab'), Buffer.from('c')])).toBe(
      '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
    );
    expect(forward({ kind: 'close' }, false, [Buffer.from('ab'), Buffer.from('c')])).toBe('abc');
  });
});
