import { Buffer } from 'node:buffer';
import { bytesToIp, destination, ipToBytes, type Destination } from '@sluice/plugin-api';
import fc from 'fast-check';
import { frameStatus, MAX_HEAD, writeHead, type FrameHead, type FrameMetadata } from './frame.js';
import { FrameDecoder, type FrameReceiver } from './frame-decoder.js';

export interface DecodedFrame extends FrameMetadata {
  /** Undefined for a frame that announces none. */
  readonly data: Buffer | undefined;
}

/** Keeps what a decoder says. */
export class FrameList implements FrameReceiver {
  readonly frames: { metadata: FrameMetadata; pieces: Buffer[]; complete: boolean }[] = [];

  frame(metadata: FrameMetadata): void {
    this.frames.push({ metadata, pieces: [], complete: !metadata.hasData });
  }

  data(piece: Buffer, last: boolean): void {
    const frame = this.frames.at(-1);
    if (frame === undefined || frame.complete) throw new TypeError('data without a frame');
    frame.pieces.push(Buffer.from(piece));
    frame.complete = last;
  }

  get decoded(): DecodedFrame[] {
    return this.frames.map(({ metadata, pieces }) => ({
      ...metadata,
      data: metadata.hasData ? Buffer.concat(pieces) : undefined,
    }));
  }
}

export function frameBytes(head: FrameHead, data?: Uint8Array): Buffer {
  const bytes = Buffer.alloc(MAX_HEAD);
  return Buffer.concat([bytes.subarray(0, writeHead(bytes, 0, head, data?.length)), data ?? Buffer.alloc(0)]);
}

export function decodeFrames(chunks: readonly Buffer[]): DecodedFrame[] {
  const list = new FrameList();
  const decoder = new FrameDecoder();
  for (const chunk of chunks) decoder.write(chunk, list);
  return list.decoded;
}

const id = fc.integer({ min: 0, max: 0xffff });
const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

const target: fc.Arbitrary<Destination> = fc
  .tuple(
    fc.constantFrom('tcp' as const, 'udp' as const),
    fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((ip) => bytesToIp(ipToBytes(ip))),
      fc.domain(),
      fc.constant('a'.repeat(255)),
    ),
    fc.integer({ min: 0, max: 0xffff }),
  )
  .map(([network, host, port]) => destination(network, host, port));

/** Any frame that can be sent. */
export const anyFrame: fc.Arbitrary<{ readonly head: FrameHead; readonly data: Buffer | undefined }> = fc.record({
  head: fc.oneof(
    fc.record({ id, status: fc.constant(frameStatus.new), target }),
    fc.record({
      id,
      status: fc.constantFrom(frameStatus.keep, frameStatus.end, frameStatus.keepAlive),
      isError: fc.boolean(),
    }),
  ),
  data: fc.option(data, { nil: undefined }),
});
