import { Buffer } from 'node:buffer';
import { close, mkdir, open, write } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { errnoOf, SluiceError } from '@sluice/plugin-api';

/**
 * A file that lines are appended to. Writing never fails and never holds up the end: what cannot
 * be written is dropped, which is said once, until writing works again.
 */
export class LogFile extends Writable {
  readonly #path: string;
  readonly #report: (why: string) => void;
  #fd: number | undefined;
  #failing = false;

  /** @param report told when lines begin to be lost */
  constructor(path: string, report: (why: string) => void) {
    super();
    this.#path = path;
    this.#report = report;
  }

  /** Otherwise done with the first line. @throws SluiceError E_START_FAILED if the file cannot be opened */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#open((error) => {
        if (error === null) resolve();
        else reject(new SluiceError('E_START_FAILED', this.#reason(error), { cause: error }));
      });
    });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#append(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this.#append(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: () => void): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) callback();
    else close(fd, () => callback());
  }

  #append(bytes: Buffer, done: () => void): void {
    if (this.#fd === undefined) {
      this.#open((error) => {
        if (error === null) this.#append(bytes, done);
        else this.#lose(error, done);
      });
      return;
    }
    write(this.#fd, bytes, (error, written) => {
      if (error !== null) this.#lose(error, done);
      else if (written < bytes.length) this.#append(bytes.subarray(written), done);
      else {
        this.#failing = false;
        done();
      }
    });
  }

  #open(done: (error: Error | null) => void): void {
    // Whether the folder is there now, opening the file tells.
    mkdir(dirname(this.#path), { recursive: true }, () => {
      open(this.#path, 'a', (error, fd) => {
        if (error === null) this.#fd = fd;
        done(error);
      });
    });
  }

  #lose(error: Error, done: () => void): void {
    if (!this.#failing) this.#report(this.#reason(error));
    this.#failing = true;
    done();
  }

  #reason(error: Error): string {
    return `the log file ${this.#path} cannot be written (${errnoOf(error) ?? error.message})`;
  }
}
