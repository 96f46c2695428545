import type { Buffer } from 'node:buffer';
import { bytesToIp } from '@sluice/plugin-api';
import { RECORD_TYPES } from './types.js';
import { printable, WireReader } from './wire-reader.js';

interface RecordView {
  readonly name: string;
  readonly type: number;
  readonly TTL: number;
  readonly data: string;
}

/** EDNS's record is about the message, not in it. */
const OPT = 41;

/** A DNS message in the words of Clash's /dns/query. @throws SluiceError E_PROTOCOL */
export function describeAnswer(message: Buffer): object {
  const reader = new WireReader(message);
  reader.uint16();
  const flags = reader.uint16();
  const [questions, answers, authorities, additionals] = [
    reader.uint16(),
    reader.uint16(),
    reader.uint16(),
    reader.uint16(),
  ];
  const question = Array.from({ length: questions }, () => ({
    Name: reader.name(),
    Qtype: reader.uint16(),
    Qclass: reader.uint16(),
  }));
  const section = (count: number): RecordView[] =>
    Array.from({ length: count }, () => readRecord(message, reader)).filter(({ type }) => type !== OPT);
  const answer = section(answers);
  const authority = section(authorities);
  const additional = section(additionals);
  return {
    Status: flags & 0xf,
    Question: question,
    Server: 'internal',
    TC: (flags & 0x0200) !== 0,
    RD: (flags & 0x0100) !== 0,
    RA: (flags & 0x0080) !== 0,
    AD: (flags & 0x0020) !== 0,
    CD: (flags & 0x0010) !== 0,
    ...(answer.length > 0 ? { Answer: answer } : {}),
    ...(authority.length > 0 ? { Authority: authority } : {}),
    ...(additional.length > 0 ? { Additional: additional } : {}),
  };
}

function readRecord(message: Buffer, reader: WireReader): RecordView {
  const name = reader.name();
  const type = reader.uint16();
  reader.uint16();
  const TTL = reader.uint32();
  const length = reader.uint16();
  const start = reader.at;
  const raw = reader.bytes(length);
  return { name, type, TTL, data: recordData(type, raw, new WireReader(message, start)) };
}

/** In the form of zone files; what has no form here, as RFC 3597 writes unknown types. */
function recordData(type: number, raw: Buffer, reader: WireReader): string {
  switch (type) {
    case RECORD_TYPES.A:
      if (raw.length === 4) return bytesToIp(raw);
      break;
    case RECORD_TYPES.AAAA:
      if (raw.length === 16) return bytesToIp(raw);
      break;
    case RECORD_TYPES.NS:
    case RECORD_TYPES.CNAME:
    case RECORD_TYPES.PTR:
      return reader.name();
    case RECORD_TYPES.MX:
      return `${reader.uint16()} ${reader.name()}`;
    case RECORD_TYPES.SRV:
      return `${reader.uint16()} ${reader.uint16()} ${reader.uint16()} ${reader.name()}`;
    case RECORD_TYPES.SOA: {
      const [primary, mailbox] = [reader.name(), reader.name()];
      return [primary, mailbox, ...Array.from({ length: 5 }, () => reader.uint32())].join(' ');
    }
    case RECORD_TYPES.TXT: {
      const texts = new WireReader(raw);
      const parts: string[] = [];
      while (texts.at < raw.length) parts.push(`"${printable(texts.bytes(texts.uint8()))}"`);
      return parts.join(' ');
    }
    default:
  }
  return `\\# ${raw.length}${raw.length > 0 ? ` ${raw.toString('hex')}` : ''}`;
}
