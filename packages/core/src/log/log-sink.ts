import { once } from 'node:events';
import type { Writable } from 'node:stream';
import winston from 'winston';
import type { LogConfig } from '@sluice/config';
import type { LogSeverity } from '@sluice/plugin-api';
import { LogFile } from './log-file.js';
import { printable, timestamp } from './log-line.js';
import { LogTarget } from './log-target.js';

/** Where lines go that the configuration sends to the console. */
export interface LogTargets {
  readonly error: Writable;
  readonly access: Writable;
}

const CONSOLE: LogTargets = { error: process.stderr, access: process.stdout };

/** winston's ranks: the lower, the worse. */
export const LEVELS: Readonly<Record<LogSeverity, number>> = { error: 0, warning: 1, info: 2, debug: 3 };

/** What one `log` object makes: a log for events and errors, and one with a line per connection. */
export class LogSink {
  readonly config: LogConfig;
  /** The rank of the least severe line that is written; -1 if none is. */
  readonly rank: number;
  readonly #events: winston.Logger;
  readonly #access: winston.Logger | undefined;
  readonly #transports: winston.transport[] = [];
  readonly #files: LogFile[] = [];
  #closed = false;

  constructor(config: LogConfig, targets: LogTargets = CONSOLE) {
    this.config = config;
    // Without a transport winston would keep lines for ever.
    const silent = config.loglevel === 'none' || config.error === 'none';
    this.rank = config.loglevel === 'none' || silent ? -1 : LEVELS[config.loglevel];
    this.#events = winston.createLogger({
      levels: LEVELS,
      level: 'debug',
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

  event(severity: LogSeverity, line: string): void {
    this.#events.log(severity, line);
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

function capital(level: string): string {
  return level.charAt(0).toUpperCase() + level.slice(1);
}
