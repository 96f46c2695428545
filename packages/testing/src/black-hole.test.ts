import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startBlackHole } from './black-hole.js';

describe.each(['127.0.0.1', '::1'] as const)('a black hole on %s', (host) => {
  it('neither takes a connection nor refuses it', async () => {
    const hole = await startBlackHole(host);
    const socket = connect({ host, port: hole.port });
    const answered = new Promise((resolve) => {
      socket.once('connect', () => resolve('connect'));
      socket.once('error', (error) => resolve(error.message));
    });
    // Nothing can be awaited where nothing comes; loopback answers within a millisecond.
    expect(await Promise.race([answered, sleep(150, 'nothing')])).toBe('nothing');
    socket.destroy();
    await hole.close();
  });
});
