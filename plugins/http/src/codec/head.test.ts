import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadScanner, HttpError, MAX_HEAD_BYTES, parseRequest, parseResponse, type RequestHead } from '../codec.js';

const request =
  'GET http://example.org/a?b HTTP/1.1\r\nHost: example.org\r\nX-A:  1 \t\r\nx-a:2\r\nX-Empty:\r\nX-Bytes: \xe4\xff\r\n\r\n';

function scan(
  parts: readonly Buffer[],
  options: Partial<ConstructorParameters<typeof HeadScanner>[0]> = {},
): { scanner: HeadScanner; used: number } {
  const scanner = new HeadScanner({ status: 400, emptyLines: 'skip', ...options });
  let before = 0;
  for (const part of parts) {
    const used = scanner.write(part);
    if (used >= 0) return { scanner, used: before + used };
    before += part.length;
  }
  return { scanner, used: -1 };
}

function parse(text: string): RequestHead {
  const { scanner, used } = scan([Buffer.from(text, 'latin1')]);
  expect(used).toBeGreaterThan(0);
  return parseRequest(scanner.lines());
}

function statusOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
  return undefined;
}

describe('a request head', () => {
  it('is read with its fields', () => {
    const head = parse(request);
    expect(head).toMatchObject({ method: 'GET', target: 'http://example.org/a?b', minor: 1 });
    expect(head.fields.values('x-a')).toEqual(['1', '2']);
    expect(head.fields.values('x-empty')).toEqual(['']);
    expect(head.fields.values('x-bytes')).toEqual(['\xe4\xff']);
  });

  it('is the same at every split point, and byte by byte', () => {
    const bytes = Buffer.from(`\r\n\r\n${request}rest`, 'latin1');
    const whole = parse(request);
    const cuts = [
      ...Array.from(bytes.keys(), (at) => [bytes.subarray(0, at), bytes.subarray(at)]),
      Array.from(bytes, (byte) => Buffer.of(byte)),
    ];
    for (const parts of cuts) {
      const { scanner, used } = scan(parts);
      expect(used).toBe(bytes.length - 4);
      expect([...parseRequest(scanner.lines()).fields]).toEqual([...whole.fields]);
    }
  });

  it('may have 64 KiB and no more', () => {
    const frame = 'GET / HTTP/1.1\r\nX: \r\n\r\n';
    const head = (extra: number): Buffer =>
      Buffer.from(frame.replace('X: ', `X: ${'x'.repeat(MAX_HEAD_BYTES - frame.length + extra)}`));
    expect(scan([head(0)]).used).toBe(MAX_HEAD_BYTES);
    expect(statusOf(() => scan([head(1)]))).toBe(431);
    expect(statusOf(() => scan(Array.from({ length: 70 }, () => Buffer.alloc(1024, 'a'))))).toBe(431);
  });

  it('may have 512 fields and no more', () => {
    const head = (count: number): string => `GET / HTTP/1.1\r\n${'a:b\r\n'.repeat(count)}\r\n`;
    expect(statusOf(() => parse(head(512)))).toBeUndefined();
    expect(statusOf(() => parse(head(513)))).toBe(431);
  });

  it.each([
    ['a lone LF', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a lone LF as the last line', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
    ['a lone CR', 'GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n'],
    ['two CR', 'GET / HTTP/1.1\r\r\nHost: a\r\n\r\n'],
    ['NUL', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
    ['a control character in a value', 'GET / HTTP/1.1\r\nHost: a\x0bb\r\n\r\n'],
    ['DEL in a value', 'GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n'],
    ['a folded line', 'GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n'],
    ['a folded first line', 'GET / HTTP/1.1\r\n X: a\r\n\r\n'],
    ['space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['a field without a name', 'GET / HTTP/1.1\r\n: a\r\n\r\n'],
    ['a field without a colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n'],
    ['a name that is no token', 'GET / HTTP/1.1\r\nHo(st: a\r\n\r\n'],
    ['two spaces', 'GET  / HTTP/1.1\r\n\r\n'],
    ['a tab for a space', 'GET\t/ HTTP/1.1\r\n\r\n'],
    ['a space at the end', 'GET / HTTP/1.1 \r\n\r\n'],
    ['a space within the target', 'GET /a b HTTP/1.1\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['a version in lower case', 'GET / http/1.1\r\n\r\n'],
    ['a longer version', 'GET / HTTP/1.10\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x00\xa5\x01'],
    ['a SOCKS greeting', '\x05\x01\x00'],
  ])('is refused with %s', (_what, text) => {
    expect(statusOf(() => parse(text))).toBe(400);
  });

  it('is refused with 505 for another major version', () => {
    expect(statusOf(() => parse('PRI * HTTP/2.0\r\n\r\n'))).toBe(505);
  });

  it('is never an error but an HttpError, whatever the bytes', () => {
    const soup = fc.array(fc.constantFrom('GET ', '/', ' HTTP/1.1', '\r\n', '\n', '\r', ':', ' ', 'Host', '\0', 'a'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
          soup.map((parts) => Buffer.from(parts.join(''))),
        ),
        (bytes) => {
          statusOf(() => {
            const { scanner, used } = scan([bytes]);
            if (used >= 0) parseRequest(scanner.lines());
          });
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a response head', () => {
  const parseLenient = (text: string): ReturnType<typeof parseResponse> =>
    parseResponse(scan([Buffer.from(text, 'latin1')], { status: 502, bareLf: true }).scanner.lines());

  it('is read with lone LFs and folded lines, as servers of old send them', () => {
    const head = parseLenient('HTTP/1.0 200 Fine, thanks\nX: a\n\t b\nY: c\r\n\n');
    expect(head).toMatchObject({ status: 200, reason: 'Fine, thanks', minor: 0 });
    expect(head.fields.values('x')).toEqual(['a b']);
    expect(head.fields.values('y')).toEqual(['c']);
  });

  it.each(['HTTP/1.1 200\r\n\r\n', 'HTTP/1.1 200 \r\n\r\n'])('may leave out its reason: %j', (text) => {
    expect(parseLenient(text)).toMatchObject({ status: 200, reason: '' });
  });

  it.each(['HTTP/2 200 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 099 OK', 'HTTP/1.1 2000 OK', 'ICY 200 OK', 'HTTP/1.1  200 OK'])(
    'is refused: %s',
    (line) => {
      expect(statusOf(() => parseLenient(`${line}\r\n\r\n`))).toBe(502);
    },
  );
});
