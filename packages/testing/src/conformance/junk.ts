import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';

const MIB = 1024 * 1024;

/** What scanners and broken programs say. */
export function junk(): readonly Buffer[] {
  return [
    Buffer.alloc(0),
    ...[1, 2, 3, 16, 64, 100, 517, 1024, 4096, 65_536, MIB].map((size) => randomBytes(size)),
    ...[0x00, 0x05, 0x16, 0x7f, 0xff].map((byte) => Buffer.alloc(4096, byte)),
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    Buffer.from('CONNECT localhost:0 HTTP/1.1\r\n\r\n'),
    Buffer.from('\r\n\r\n\r\n'),
    Buffer.from(`${'A'.repeat(70_000)}\r\n`),
    Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
    // A TLS record that promises more than comes.
    Buffer.from('16030102000100', 'hex'),
    Buffer.concat([Buffer.from('050100', 'hex'), randomBytes(300)]),
  ];
}
