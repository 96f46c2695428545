import { readFileSync } from 'node:fs';
import { mtprotoConfig, SECRET } from '../configs.mjs';
import { Load } from '../load.mjs';
import { freePorts } from '../ports.mjs';
import { RunningSubject } from '../subjects.mjs';
import { checkFileLimit, settledMemory } from './memory.mjs';
import { stopAll } from './work.mjs';

/** As many as a process of 20,000 open files can have. */
const HELD = 9500;
const WARM_UP = 2000;
const CONCURRENCY = 32;
const PAGE_BYTES = 4096;
/**
 * On loopback the kernel holds four sockets for a connection: the client's, the proxy's two and the
 * data centre's. Two of them are the proxy's.
 */
const PROXY_SHARE = 1 / 2;
/** What fits into 1 GB 50,000 times, beside the process itself. */
const LIMIT_KB = 19;

/** Kernel caches that sockets live in: the socket, its inode and file, epoll's entry, bytes in queues. */
const SOCKET_CACHES =
  /^(TCP|TCPv6|sock_inode_cache|lsm_inode_cache|filp|lsm_file_cache|eventpoll_epi|ep_head|skbuff_\w+|tcp_bind\w*)$/;

/**
 * What the kernel has allocated for sockets, in bytes: whole pages of its caches, and the pages in
 * the queues of TCP sockets. Of directory entries, one for each file: others that look into /proc
 * make more of them.
 */
function kernelMemory() {
  let objects = 0;
  let files = 0;
  let entryBytes = 0;
  for (const line of slabInfo().split('\n').slice(2)) {
    const [name = '', active, , , perSlab, pages] = line.split(/\s+/);
    const slabs = Number(/slabdata\s+\d+\s+(\d+)/.exec(line)?.[1]);
    if (SOCKET_CACHES.test(name)) objects += slabs * Number(pages) * PAGE_BYTES;
    if (name === 'filp') files = Number(active);
    if (name === 'dentry') entryBytes = (Number(pages) * PAGE_BYTES) / Number(perSlab);
  }
  const queued = /^TCP:.* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1];
  return objects + files * entryBytes + Number(queued) * PAGE_BYTES;
}

function slabInfo() {
  try {
    return readFileSync('/proc/slabinfo', 'utf8');
  } catch (error) {
    throw new Error('only root may read /proc/slabinfo', { cause: error });
  }
}

/** @type {import('./work.mjs').Work} */
export const idle = {
  name: 'mtproto-idle',
  title: `memory per idle mtproto connection with the kernel's, ${HELD} held`,
  unit: 'KB',
  better: 'less',
  target: { limit: LIMIT_KB },
  rounds: { quick: 1, full: 1 },
  async open(bench) {
    checkFileLimit(HELD);
    return {
      async measure(subject) {
        const dataCenter = new Load('server');
        const clients = new Load('exchanges');
        /** @type {Array<{stop(): Promise<void>}>} */
        const started = [dataCenter, clients];
        try {
          const { port: dataCenterPort } = await dataCenter.ask('open', { behaviour: 'answer' });
          const [port] = /** @type {[number]} */ (await freePorts(1));
          const config = mtprotoConfig(port, dataCenterPort);
          const running = await RunningSubject.start(subject, config, [port], bench.folder);
          started.push(running);
          await clients.ask('prepare', { secrets: [SECRET], count: WARM_UP + HELD });
          await clients.ask('churn', { port, count: WARM_UP, concurrency: CONCURRENCY });
          const before = await settledMemory(running);
          const kernelBefore = kernelMemory();
          await clients.ask('hold', { port, count: HELD, concurrency: CONCURRENCY });
          const after = await settledMemory(running);
          const kernelAfter = kernelMemory();
          const [here, there] = await Promise.all([clients.ask('held'), dataCenter.ask('connections')]);
          if (here !== HELD || there < HELD) throw new Error(`only ${Math.min(here, there)} of ${HELD} were held`);
          const own = (after.own - before.own) / HELD;
          const kernel = ((kernelAfter - kernelBefore) * PROXY_SHARE) / HELD;
          return { value: (own + kernel) / 1000, detail: { own, kernel } };
        } finally {
          await stopAll(started);
        }
      },
      close: async () => {},
    };
  },
};
