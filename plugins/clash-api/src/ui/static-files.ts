import { constants, type Stats } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HttpRefusal, NOT_FOUND } from '../http/reply.js';
import { pathSegments } from '../http/routes.js';
import { contentType } from './content-types.js';

const INDEX = 'index.html';

/** Serves the files of one folder and nothing else of the machine. */
export class StaticFiles {
  readonly #folder: string;

  /** @param folder absolute, or relative to the working directory */
  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  get folder(): string {
    return this.#folder;
  }

  /** Whether there is a page to show. */
  async isThere(): Promise<boolean> {
    return (await this.#locate([INDEX])) !== undefined;
  }

  /** @param path what follows /ui/ in the URL's path @throws HttpRefusal */
  async serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new HttpRefusal(405, 'Method not allowed');
    const segments = pathSegments(path);
    if (segments.some(isForbidden)) throw new HttpRefusal(404, NOT_FOUND);
    // A path without an extension is a place within the dashboard, which finds its way by itself.
    const isPlace = extname(segments.at(-1) ?? '') === '';
    const file = (await this.#locate(segments)) ?? (isPlace ? await this.#locate([INDEX]) : undefined);
    if (file === undefined) throw new HttpRefusal(404, NOT_FOUND);
    await send(file, request, response);
  }

  /** The real path of a file in the folder, or of a folder's index; undefined for all else. */
  async #locate(segments: readonly string[]): Promise<string | undefined> {
    try {
      const root = await realpath(this.#folder);
      const isWithin = (path: string): boolean =>
        path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
      let path = await realpath(join(root, ...segments));
      // A link that leads out of the folder leads nowhere.
      if (!isWithin(path)) return undefined;
      if ((await stat(path)).isDirectory()) path = await realpath(join(path, INDEX));
      return isWithin(path) && (await stat(path)).isFile() ? path : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Steps upwards, other separators, and files that are hidden on purpose. */
function isForbidden(segment: string): boolean {
  return segment.startsWith('.') || /[\0/\\:]/.test(segment);
}

async function send(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    throw new HttpRefusal(404, NOT_FOUND);
  }
  try {
    const stats = await file.stat();
    const tag = entityTag(stats);
    const headers = {
      'Content-Type': contentType(path),
      'Cache-Control': 'no-cache',
      ETag: tag,
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'SAMEORIGIN',
      'Referrer-Policy': 'no-referrer',
    };
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'Content-Length': stats.size });
    if (request.method === 'HEAD' || stats.size === 0) response.end();
    // Not beyond the size that was announced, should the file grow meanwhile.
    else await pipeline(file.createReadStream({ autoClose: false, end: stats.size - 1 }), response);
  } finally {
    await file.close();
  }
}

function entityTag(stats: Stats): string {
  return `"${stats.size.toString(16)}-${Math.trunc(stats.mtimeMs).toString(16)}"`;
}
