/** Pieces of the mtproto plugin by themselves. Run as a process of its own, so that none is compiled for another's data. */
import { createHmac, randomBytes } from 'node:crypto';
import { createClientHello } from '@sluice/testing';
import { readGreeting } from '../../../plugins/mtproto/dist/fake-tls/greeting.js';
import { HelloSearch } from '../../../plugins/mtproto/dist/fake-tls/hello-search.js';
import { RecordDecoder } from '../../../plugins/mtproto/dist/fake-tls/record-decoder.js';
import { RecordEncoder } from '../../../plugins/mtproto/dist/fake-tls/record-encoder.js';
import { SecretSearch } from '../../../plugins/mtproto/dist/obfuscation/secret-search.js';
import { helloReplayKey } from '../../../plugins/mtproto/dist/replay/replay-key.js';
import { ReplayTable } from '../../../plugins/mtproto/dist/replay/replay-table.js';
import { SERVER_NAME } from '../configs.mjs';
import { answerParent } from './answering.mjs';
import { clientOpening } from './header.mjs';
import { recordsOf } from './tls.mjs';

const USERS = [1, 100, 1000, 10_000];
const TIME_MS = 300;
/** What a read of a busy connection brings. */
const CHUNK_BYTES = 256 << 10;
const REPLAY_KEYS = 100_000;

/**
 * How long one call takes, in microseconds; the first tenth of the time warms up.
 * @param {(round: number) => void} call
 */
function timeOf(call) {
  let round = 0;
  const run = (/** @type {number} */ ms) => {
    const begun = performance.now();
    let calls = 0;
    let now = begun;
    for (; now - begun < ms; now = performance.now()) {
      call(round++);
      calls++;
    }
    return ((now - begun) / calls) * 1000;
  };
  run(TIME_MS / 10);
  return run(TIME_MS);
}

/** @param {{step(): boolean, readonly found: number | undefined}} search */
function finish(search) {
  while (!search.step());
  return search.found;
}

/**
 * Searches among ever more users: for a secret that none of them has, and for each in turn, which
 * takes half of that on average.
 * @param {(keys: Buffer[]) => (key: Buffer) => () => number | undefined} prepare
 */
function searches(prepare) {
  /** @type {Record<string, number>} */
  const detail = {};
  for (const count of USERS) {
    const keys = Array.from({ length: count }, () => randomBytes(16));
    const searchFor = prepare(keys);
    const strangers = searchFor(randomBytes(16));
    detail[`miss among ${count}`] = timeOf(() => {
      if (strangers() !== undefined) throw new Error('a stranger was found');
    });
    const known = Array.from({ length: 16 }, (_, index) => {
      const at = Math.floor(((index + 0.5) / 16) * count);
      return { at, search: searchFor(/** @type {Buffer} */ (keys[at])) };
    });
    detail[`hit among ${count}`] = timeOf((round) => {
      const { at, search } = /** @type {(typeof known)[0]} */ (known[round % known.length]);
      if (search() !== at) throw new Error('a user was not found');
    });
  }
  return { value: detail[`miss among ${USERS.at(-1)}`], detail };
}

/**
 * Each chunk is copied first, as a decoder moves payloads together in place: the copy is part of the figure.
 * @param {import('@sluice/plugin-api').Codec} codec
 * @param {Buffer} chunk
 */
function throughput(codec, chunk) {
  const copy = Buffer.from(chunk);
  const microseconds = timeOf(() => {
    copy.set(chunk);
    codec.write(copy, () => true);
  });
  return chunk.length / microseconds / 1000;
}

answerParent({
  headerSearch: () =>
    searches((keys) => {
      const all = new SecretSearch(keys);
      return (key) => {
        const header = clientOpening(key, 2).subarray(0, 64);
        return () => finish(all.start(header));
      };
    }),
  helloSearch: () =>
    searches((keys) => {
      const all = new HelloSearch(keys.map((key) => ({ key, serverNames: [SERVER_NAME] })));
      return (key) => {
        const greeted = readGreeting(createClientHello({ key, serverName: SERVER_NAME }).record);
        if (typeof greeted === 'string') throw new Error('the hello is none');
        return () => finish(all.start(greeted.hello));
      };
    }),
  replay: () => {
    const key = randomBytes(32);
    const table = new ReplayTable(REPLAY_KEYS, 86_400);
    const randoms = Array.from({ length: 2 * REPLAY_KEYS }, (_, n) =>
      createHmac('sha256', key).update(String(n)).digest(),
    );
    const microseconds = timeOf((round) => {
      table.add(helloReplayKey(/** @type {Buffer} */ (randoms[round % randoms.length])), 1_700_000_000);
    });
    return { value: 1e6 / microseconds };
  },
  encoder: () => ({ value: throughput(new RecordEncoder(), randomBytes(CHUNK_BYTES)) }),
  decoder: () => {
    const rates = Object.fromEntries(
      [2878, 16_384].map((bytes) => [
        `records of ${bytes}`,
        throughput(new RecordDecoder(), recordsOf(bytes, CHUNK_BYTES)),
      ]),
    );
    return { value: rates['records of 2878'], detail: rates };
  },
});
