import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stop, track } from './processes.mjs';

const REQUEST_LIMIT_MS = 60_000;

/** @typedef {{count: number, at: number}} Mark a counter, and when it was read (ms) */

/** A load generator in a process of its own. */
export class Load {
  #next = 1;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();
  #child;
  #name;

  /** @param {'server' | 'streams' | 'exchanges' | 'pieces'} name */
  constructor(name) {
    this.#name = name;
    this.#child = track(fork(fileURLToPath(new URL(`loads/${name}.mjs`, import.meta.url)), { execArgv: [] }));
    this.#child.on('message', (/** @type {any} */ { id, result, error }) => {
      const request = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) request?.resolve(result);
      else request?.reject(new Error(error));
    });
    this.#child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the load "${name}" ended`));
      this.#waiting.clear();
    });
  }

  /**
   * @param {string} operation
   * @param {unknown} [options]
   * @returns {Promise<any>}
   */
  ask(operation, options) {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const limit = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`the load "${this.#name}" did not finish "${operation}" in ${REQUEST_LIMIT_MS} ms`));
      }, REQUEST_LIMIT_MS);
      const settled = () => clearTimeout(limit);
      this.#waiting.set(id, {
        resolve: (value) => (settled(), resolve(value)),
        reject: (error) => (settled(), reject(error)),
      });
      this.#child.send({ id, operation, options });
    });
  }

  stop() {
    return stop(this.#child);
  }
}
