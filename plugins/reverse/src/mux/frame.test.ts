import { Buffer } from 'node:buffer';
import { destination, SluiceError } from '@sluice/plugin-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frameStatus, isCarried, readMetadata } from './frame.js';
import { FrameDecoder } from './frame-decoder.js';
import { anyFrame, decodeFrames, frameBytes, FrameList } from './frames.fixture.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('frames as V2Ray has them', () => {
  test.each([
    [
      'a stream to an IPv4 address',
      '000c 0001 01 01 01 0050 01 7f000001 0002 6869',
      { id: 1, status: frameStatus.new, target: destination('tcp', '127.0.0.1', 80) },
      'hi',
    ],
    [
      'a stream to a name',
      '000b 0102 01 00 02 0035 02 02 612e',
      { id: 0x102, status: frameStatus.new, target: destination('udp', 'a.', 53) },
      undefined,
    ],
    [
      'a stream to an IPv6 address',
      '0018 ffff 01 00 01 01bb 03 20010db8000000000000000000000001',
      { id: 0xffff, status: frameStatus.new, target: destination('tcp', '2001:db8::1', 443) },
      undefined,
    ],
    ['more of a stream', '0004 0003 02 01 0001 78', { id: 3, status: frameStatus.keep }, 'x'],
    ['nothing more of a stream', '0004 0003 02 01 0000', { id: 3, status: frameStatus.keep }, ''],
    ['the end', '0004 0003 03 00', { id: 3, status: frameStatus.end }, undefined],
    ['the end by an error', '0004 0003 03 02', { id: 3, status: frameStatus.end, isError: true }, undefined],
    ['a sign of life', '0004 0000 04 00', { id: 0, status: frameStatus.keepAlive }, undefined],
  ] as const)('%s', (_name, wire, head, text) => {
    const data = text === undefined ? undefined : Buffer.from(text);
    expect(frameBytes(head, data).toString('hex')).toBe(hex(wire).toString('hex'));
    const expected = { isError: false, target: undefined, ...head, hasData: data !== undefined, data };
    expect(decodeFrames([hex(wire)])).toEqual([expected]);
  });

  test('what a later version appends is passed over', () => {
    expect(decodeFrames([hex('000c 0003 02 01 02 0035 01 7f000001 0001 78')])).toMatchObject([
      { id: 3, status: frameStatus.keep, data: Buffer.from('x') },
    ]);
  });

  test.each([
    ['a Unix socket', Buffer.from('/run/secret')],
    ['an abstract one', Buffer.from('@secret')],
    ['no name', Buffer.alloc(0)],
    ['a line break', Buffer.from('a\nb')],
    ['no text', Buffer.of(0xff, 0xfe)],
  ])('a stream to %s can only be refused', (_name, name) => {
    const head = Buffer.concat([hex('0001 01 00 01 0050 02'), Buffer.of(name.length), name]);
    expect(readMetadata(head)).toMatchObject({ id: 1, status: frameStatus.new, target: undefined });
  });

  test('names of more than 255 bytes and sockets are not carried', () => {
    expect(isCarried(destination('tcp', 'ä'.repeat(127), 1))).toBe(true);
    expect(isCarried(destination('tcp', 'ä'.repeat(128), 1))).toBe(false);
    expect(isCarried(destination('tcp', '/run/x', 0))).toBe(false);
    expect(isCarried(destination('tcp', '::1', 0))).toBe(true);
  });
});

describe('a stream of frames', () => {
  test('comes out as it went in, wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(600), { maxLength: 12 }),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames.map(({ head, data }) => frameBytes(head, data)));
          const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
          const chunks = [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
          expect(decodeFrames(chunks)).toEqual(
            frames.map(({ head, data }) => ({
              isError: false,
              target: undefined,
              ...head,
              hasData: data !== undefined,
              data,
            })),
          );
        },
      ),
    );
  });

  test('comes out as it went in at every point of cutting', () => {
    const bytes = Buffer.concat([
      frameBytes(
        { id: 1, status: frameStatus.new, target: destination('tcp', 'name.example', 80) },
        Buffer.from('first'),
      ),
      frameBytes({ id: 1, status: frameStatus.keep }, Buffer.alloc(0)),
      frameBytes({ id: 2, status: frameStatus.new, target: destination('udp', '::1', 53) }),
      frameBytes({ id: 1, status: frameStatus.end, isError: true }),
    ]);
    const whole = decodeFrames([bytes]);
    expect(whole).toHaveLength(4);
    for (let at = 0; at <= bytes.length; at += 1)
      expect(decodeFrames([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    expect(decodeFrames([...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
  });

  test('junk is refused with E_PROTOCOL or waited for, and never held', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
        const decoder = new FrameDecoder();
        try {
          for (const chunk of chunks) decoder.write(Buffer.from(chunk), new FrameListOfAll());
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
          expect(error).toMatchObject({ code: 'E_PROTOCOL' });
        }
        expect(decoder.pendingBytes).toBeLessThanOrEqual(2 + 512 + 2);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['no metadata', '0000'],
    ['metadata that are too short', '0003 000102'],
    ['metadata that are too long', '0201'],
    ['an unknown status', '0004 0001 05 00'],
    ['a status of 0', '0004 0001 00 00'],
    ['a new stream without a network', '0004 0001 01 00'],
    ['an unknown network', '000c 0001 01 00 03 0050 01 7f000001'],
    ['an unknown kind of address', '000c 0001 01 00 01 0050 04 7f000001'],
    ['no address', '0008 0001 01 00 01 0050 01'],
    ['half an address', '000a 0001 01 00 01 0050 01 7f00'],
    ['half a name', '000b 0001 01 00 01 0050 02 05 6161'],
  ])('%s is refused', (_name, wire) => {
    expect(() => decodeFrames([hex(wire)])).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }) as Error);
  });

  test('nothing is read after the stop, also of the same chunk', () => {
    const decoder = new FrameDecoder();
    const list = new FrameList();
    const one = frameBytes({ id: 1, status: frameStatus.keep }, Buffer.from('x'));
    decoder.write(Buffer.concat([one, one, one]), {
      frame: (metadata) => list.frame(metadata),
      data: (piece, last) => {
        list.data(piece, last);
        decoder.stop();
      },
    });
    decoder.write(one, list);
    expect(list.frames).toHaveLength(1);
  });
});

/** Takes whatever comes, also data of a frame that it did not see. */
class FrameListOfAll extends FrameList {
  override data(): void {
    // Only that nothing fails counts.
  }
}
