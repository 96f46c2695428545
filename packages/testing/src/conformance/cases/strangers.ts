import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { LevelPolicy } from '@sluice/plugin-api';
import { attempts } from '../attempts.js';
import { exchange } from '../exchange.js';
import type { Path } from '../path.js';
import { Peer } from '../peer.js';
import type { Suite } from '../suite.js';

const HASTY: Partial<LevelPolicy> = { handshake: 300, connIdle: 600, uplinkOnly: 300, downlinkOnly: 300 };
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

/** Whoever does not speak the protocol, on either side of it. */
export function strangerCases({ on, abilities, hops }: Suite): void {
  for (const [hop] of hops.entries()) {
    const where = hops.length === 1 ? '' : ` of hop ${hop + 1}`;

    for (const [how, isEnded] of [
      ['ends', true],
      ['waits', false],
    ] as const) {
      on(
        `a stranger tells the inbound${where} junk and ${how}`,
        async (path) => {
          path.origin.servedBy((peer) => void farewell(peer));
          await Promise.all(junk().map((bytes) => intrude(path, hop, bytes, isEnded)));
          path.origin.servedBy(undefined);
          await exchange(path);
        },
        { policy: HASTY },
      );
    }

    on(
      `a stranger answers the outbound${where} with junk`,
      async (path) => {
        const answers = junk();
        const wire = (i: number): void =>
          path.taps[hop]?.treat({
            direction: 'down',
            treatment: { kind: 'junk', answer: answers[i] ?? Buffer.alloc(0) },
          });
        await attempts(path, answers.length, wire, {
          atOnce: answers.length,
          isUnchanged: abilities.integrity === true,
        });
        await exchange(path);
      },
      { policy: HASTY },
    );
  }
}

async function intrude(path: Path, hop: number, bytes: Buffer, isEnded: boolean): Promise<void> {
  const stranger = await Peer.connect({ address: '127.0.0.1', port: path.inbounds[hop]?.port ?? 0 });
  if (isEnded) stranger.socket.end(bytes);
  else stranger.socket.write(bytes);
  await stranger.rest();
  stranger.socket.destroy();
}

/** Hears all and says nothing. */
async function farewell(peer: Peer): Promise<void> {
  await peer.rest();
  peer.socket.end();
}
