import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, SluiceError, toSluiceError, type Logger } from '@sluice/plugin-api';
import { makeFolder } from './make-folder.js';
import { ENVELOPE_LENGTH, openState, sealState, type StateLabel } from './state-envelope.js';

export interface StateFileOptions extends StateLabel {
  /** What the state is, up to 16 ASCII characters: a file of another kind is refused, never overwritten. */
  readonly kind: string;
  /** The layout of the state's bytes, 0 to 65535: a file of another version is set aside. */
  readonly version: number;
  /** The most that is read or written, in bytes of state. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Told when a file had to be set aside. */
  readonly logger: Pick<Logger, 'warn'>;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** Hashed and written at once: longer stretches would hold up the connections. */
const SLICE_BYTES = 1024 * 1024;

/** Tells this run's temporary files from those that an earlier one with the same process id has left. */
const run = randomBytes(6).toString('hex');
let written = 0;

/**
 * A small state that survives restarts, in a file that is replaced as a whole: at every moment, also
 * when the process is killed or the machine loses power, the file holds one state that was written
 * completely. It is for one writer; of two, the later one's state stays.
 *
 * What cannot be read back as it was written (damage by a disk or an editor, another version) is set
 * aside as `<path>.damaged` with a warning, and the state begins anew: a proxy that refuses to
 * start would be the greater damage. What was never such a file, or holds the state of something
 * else, is a mistake in the configuration and an error; it is not touched.
 */
export class StateFile {
  readonly path: string;
  readonly #options: StateFileOptions;
  readonly #maxBytes: number;
  #newest: Uint8Array | undefined;
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  /** @param path relative to the working directory; a symbolic link is followed */
  constructor(path: string, options: StateFileOptions) {
    this.path = resolve(path);
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /**
   * The state that was written last; undefined if there is none yet or it had to be set aside.
   * Removes what writes that were cut off have left.
   * @throws SluiceError E_MTPROTO_STATE_FILE if the file cannot be read or is something else's
   */
  async read(): Promise<Buffer | undefined> {
    try {
      const path = await target(this.path);
      await removeLeftovers(path);
      const file = await this.#load(path);
      if (file === undefined) return undefined;
      const state = Buffer.isBuffer(file) ? openState(this.#options, file) : file;
      if (Buffer.isBuffer(state)) return state;
      if (state.isForeign) throw new SluiceError('E_MTPROTO_STATE_FILE', `${state.reason}: give the path of another`);
      await rename(path, `${path}.damaged`);
      this.#options.logger.warn(`begins without the state in ${path}: ${state.reason}; set aside as ${path}.damaged`);
      return undefined;
    } catch (error) {
      throw this.#failure('read', error);
    }
  }

  /**
   * Replaces the state; makes the folder (mode 0700) if it is missing. One write at a time: while
   * one is under way only the newest state waits, and whoever asked for an older one is told when
   * the newer is safe.
   * @param state must not change before the promise resolves
   * @throws SluiceError E_MTPROTO_STATE_FILE; the former state is then still there
   */
  write(state: Uint8Array): Promise<void> {
    if (state.length > this.#maxBytes) {
      const tooMuch = `the state has ${state.length} bytes, more than ${this.#maxBytes}`;
      return Promise.reject(new SluiceError('E_MTPROTO_STATE_FILE', `${this.path} cannot be written: ${tooMuch}`));
    }
    this.#newest = state;
    const next = (): Promise<void> => this.#writeNewest();
    this.#queued ??= this.#running.then(next, next);
    return this.#queued;
  }

  async #writeNewest(): Promise<void> {
    const state = this.#newest!;
    this.#newest = undefined;
    this.#running = this.#queued!;
    this.#queued = undefined;
    try {
      await replace(await target(this.path), this.#options, state);
    } catch (error) {
      throw this.#failure('written', error);
    }
  }

  async #load(path: string): Promise<Buffer | { readonly isForeign: boolean; readonly reason: string } | undefined> {
    let handle: FileHandle;
    try {
      // A pipe would otherwise hold up the start for ever.
      handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return { isForeign: true, reason: 'it is no file' };
      const isTooBig = stat.size > this.#maxBytes + ENVELOPE_LENGTH;
      const bytes = await readBytes(handle, isTooBig ? ENVELOPE_LENGTH : stat.size);
      if (!isTooBig) return bytes;
      const state = openState(this.#options, bytes);
      const isForeign = 'isForeign' in state && state.isForeign;
      return isForeign ? state : { isForeign: false, reason: `it is larger than ${this.#maxBytes} bytes` };
    } finally {
      await handle.close();
    }
  }

  #failure(what: 'read' | 'written', cause: unknown): SluiceError {
    const reason = errnoOf(cause) ?? toSluiceError(cause).message;
    const known = cause instanceof SluiceError ? cause.message : reason;
    return new SluiceError('E_MTPROTO_STATE_FILE', `${this.path} cannot be ${what}: ${known}`, { cause });
  }
}

/** The file itself, where the path is a symbolic link: the link is to stay. */
async function target(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return path;
    throw error;
  }
}

async function replace(path: string, label: StateLabel, state: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const made = await makeFolder(folder);
  written += 1;
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${run}-${written}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await writeSealed(handle, label, state);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
  if (made !== undefined) await syncFolder(dirname(made));
}

async function writeSealed(handle: FileHandle, label: StateLabel, state: Uint8Array): Promise<void> {
  const { header, checksum } = sealState(label, state.length);
  await handle.writeFile(header);
  for (let at = 0; at < state.length; at += SLICE_BYTES) {
    const slice = state.subarray(at, at + SLICE_BYTES);
    checksum.update(slice);
    await handle.writeFile(slice);
  }
  await handle.writeFile(checksum.digest());
}

/** A rename is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing, and refuses to open a folder.
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readBytes(handle: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Temporary files whose writers are gone. */
async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.`;
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const [, pid, writer] = /^(\d+)-([0-9a-f]{12})-\d+\.tmp$/.exec(name.slice(prefix.length)) ?? [];
    if (pid === undefined || writer === run) continue;
    if (Number(pid) === process.pid || !isAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
