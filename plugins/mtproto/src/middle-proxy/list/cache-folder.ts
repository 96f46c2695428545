import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, SluiceError } from '@sluice/plugin-api';
import { makeFolder } from '../../state/make-folder.js';

/** What was fetched last, as files under their own names: an operator can put them there, too. */
export class CacheFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * A file's content; undefined if there is none.
   * @param maxBytes more is not read
   * @throws SluiceError E_MTPROTO_CACHE
   */
  async read(name: string, maxBytes: number): Promise<Buffer | undefined> {
    try {
      const file = await open(join(this.#folder, name), 'r');
      try {
        const { size } = await file.stat();
        if (size > maxBytes) throw new SluiceError('E_MTPROTO_CACHE', `the cached ${name} has ${size} bytes`);
        return await file.readFile();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw cacheError(`the cached ${name} cannot be read`, error);
    }
  }

  /**
   * Replaces a file at once: whoever reads it finds the old content or the new, also after a crash.
   * @throws SluiceError E_MTPROTO_CACHE
   */
  async write(name: string, content: Buffer): Promise<void> {
    const temporary = join(this.#folder, `.${name}.${randomBytes(6).toString('hex')}`);
    try {
      await makeFolder(this.#folder);
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(this.#folder, name));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw cacheError(`${name} cannot be written to the cache folder`, error);
    }
  }
}

function cacheError(message: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  return new SluiceError('E_MTPROTO_CACHE', `${message} (${errnoOf(error) ?? 'unknown'})`, { cause: error });
}
