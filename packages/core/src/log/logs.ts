import { once } from 'node:events';
import type { Writable } from 'node:stream';
import winston from 'winston';
import type { LogConfig, LogLevel } from '@sluice/config';
import type { LogFields, Logger } from '@sluice/plugin-api';

import { LogFile } from './log-file.js';
import { LogTarget } from './log-target.js';

const LEVELS = { error: 0, warning: 1, info: 2, debug: 3 } as const;

/** Where lines go that the configuration sends to the console. */
export interface LogTargets {
  readonly error: Writable;
  readonly access: Writable;
}

const CONSOLE: LogTargets = { error: process.stderr, access: process.stdout };

/** An instance's logs: one for events and errors, one with a line per connection. */
export class Logs {
  readonly #events: winston.Logger;
  readonly #access: winston.Logger | undefined;
  readonly #transports: winston.transport[] = [];
  readonly #files: LogFile[] = [];
  readonly level: LogLevel;
  #closed = false;

  constructor(config: LogConfig, targets: LogTargets = CONSOLE) {
    this.level = config.loglevel;
    const silent = config.loglevel === 'none' || config.error === 'none';
    this.#events = winston.createLogger({
      levels: LEVELS,
      level: config.loglevel === 'none' ? 'error' : config.loglevel,
      // Without a transport winston would keep lines for ever.
      silent,
      format: winston.format.printf((info) => `${timestamp()} [${capital(info.level)}] ${String(info.message)}`),
      transports: [this.#transport(silent ? '' : config.error, targets.error, targets)],
    });
    if (config.access !== 'none') {
      this.#access = winston.createLogger({
        levels: LEVELS,
        format: winston.format.printf((info) => `${timestamp()} ${String(info.message)}`),
        transports: [this.#transport(config.access, targets.access, targets)],
      });
    }
    // Whatever goes wrong with a log must not end the process.
    for (const logger of [this.#events, this.#access]) logger?.on('error', () => undefined);
  }

  get accessEnabled(): boolean {
    return this.#access !== undefined;
  }

  access(line: string): void {
    this.#access?.info(line);
  }

  logger(scope: string): Logger {
    return new ScopedLogger(this.#events, scope);
  }

  /** @throws SluiceError E_START_FAILED naming a file that cannot be written */
  async open(): Promise<void> {
    for (const file of this.#files) await file.open();
  }

  /** Resolves when what was logged has been handed to the system. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const passedOn = this.#transports.map((transport) => once(transport, 'finish'));
    this.#events.end();
    this.#access?.end();
    await Promise.all(passedOn);
    await Promise.all(this.#files.map((file) => new Promise<void>((resolve) => file.end(resolve))));
  }

  #transport(path: string, console: Writable, targets: LogTargets): winston.transport {
    let to = console;
    if (path !== '') {
      const report = (why: string): void => {
        // Not into the log that has failed.
        new LogTarget(targets.error).end(`${timestamp()} [Error] [log] ${printable(why)}\n`);
      };
      const file = new LogFile(path, report);
      this.#files.push(file);
      to = file;
    }
    const transport = new winston.transports.Stream({ stream: new LogTarget(to), eol: '\n' });
    this.#transports.push(transport);
    return transport;
  }
}

/** The instance's one winston logger under a handler's name; no winston child, so nothing leaks. */
class ScopedLogger implements Logger {
  readonly #target: winston.Logger;
  readonly #scope: string;

  constructor(target: winston.Logger, scope: string) {
    this.#target = target;
    this.#scope = scope;
  }

  get debugEnabled(): boolean {
    return !this.#target.silent && this.#target.level === 'debug';
  }

  debug(message: string, fields?: LogFields): void {
    if (this.debugEnabled) this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warning', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  #write(level: keyof typeof LEVELS, message: string, fields: LogFields | undefined): void {
    if (this.#target.silent || LEVELS[level] > LEVELS[this.#target.level as keyof typeof LEVELS]) return;
    let line = `[${this.#scope}] ${printable(message)}`;
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (value !== undefined) line += ` ${key}=${printable(String(value))}`;
    }
    this.#target.log(level, line);
  }
}

/** What a peer sends may end up in a line; it must not be able to forge another one. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}

function capital(level: string): string {
  return level.charAt(0).toUpperCase() + level.slice(1);
}

/** V2Ray's form: "2006/01/02 15:04:05", local time. */
function timestamp(): string {
  const now = new Date();
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${now.getFullYear()}/${two(now.getMonth() + 1)}/${two(now.getDate())} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}
