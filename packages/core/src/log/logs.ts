import { isDeepStrictEqual } from 'node:util';
import type { LogConfig } from '@sluice/config';
import type { LogEvent, LogFeed, LogFields, Logger, LogSeverity } from '@sluice/plugin-api';
import { Feed } from '../control/feed.js';
import { printable } from './log-line.js';
import { LEVELS, LogSink, type LogTargets } from './log-sink.js';

/** An instance's logs. Where they go can change while everybody keeps their loggers. */
export class Logs implements LogFeed {
  readonly #targets: LogTargets | undefined;
  readonly #feeds = {
    debug: new Feed<LogEvent>(),
    info: new Feed<LogEvent>(),
    warning: new Feed<LogEvent>(),
    error: new Feed<LogEvent>(),
  };
  #sink: LogSink;
  #isClosed = false;
  /** The least severe rank that somebody wants. */
  #wanted: number;

  constructor(config: LogConfig, targets?: LogTargets) {
    this.#targets = targets;
    this.#sink = this.sink(config);
    this.#wanted = this.#sink.rank;
  }

  get accessEnabled(): boolean {
    return this.#sink.accessEnabled;
  }

  /** Whether lines of this severity go anywhere. */
  wants(severity: LogSeverity): boolean {
    return LEVELS[severity] <= this.#wanted;
  }

  access(line: string): void {
    this.#sink.access(line);
  }

  logger(scope: string): Logger {
    return new ScopedLogger(this, scope);
  }

  event(severity: LogSeverity, text: string): void {
    const rank = LEVELS[severity];
    if (rank <= this.#sink.rank) this.#sink.event(severity, text);
    for (const [from, feed] of Object.entries(this.#feeds)) {
      if (feed.isHeard && rank <= LEVELS[from as LogSeverity]) feed.emit({ severity, text });
    }
  }

  subscribe(severity: LogSeverity, listener: (event: LogEvent) => void): () => void {
    const end = this.#feeds[severity].subscribe(listener);
    this.#reckon();
    return () => {
      end();
      this.#reckon();
    };
  }

  isMadeFrom(config: LogConfig): boolean {
    return isDeepStrictEqual(this.#sink.config, config);
  }

  /** What a configuration makes, not in use yet: to be opened, and then given to {@link use}. */
  sink(config: LogConfig): LogSink {
    return new LogSink(config, this.#targets);
  }

  /** Goes over to another sink, which is open, and closes the one before; after the end, that one at once. */
  async use(sink: LogSink): Promise<void> {
    if (this.#isClosed) return sink.close();
    const before = this.#sink;
    this.#sink = sink;
    this.#reckon();
    await before.close();
  }

  /** Opens the files anew. @throws SluiceError E_START_FAILED: the old ones stay in use then */
  async reopen(): Promise<void> {
    const before = this.#sink;
    const sink = this.sink(before.config);
    try {
      await sink.open();
    } catch (error) {
      await sink.close();
      throw error;
    }
    // What has come into use meanwhile is newer: it may be of another configuration.
    if (this.#sink === before) await this.use(sink);
    else await sink.close();
  }

  /** @throws SluiceError E_START_FAILED naming a file that cannot be written */
  open(): Promise<void> {
    return this.#sink.open();
  }

  /** Resolves when what was logged has been handed to the system. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#sink.close();
  }

  #reckon(): void {
    const heard = Object.entries(this.#feeds).filter(([, feed]) => feed.isHeard);
    this.#wanted = Math.max(this.#sink.rank, ...heard.map(([severity]) => LEVELS[severity as LogSeverity]));
  }
}

/** The instance's logs under a handler's name. */
class ScopedLogger implements Logger {
  readonly #logs: Logs;
  readonly #scope: string;

  constructor(logs: Logs, scope: string) {
    this.#logs = logs;
    this.#scope = scope;
  }

  get debugEnabled(): boolean {
    return this.#logs.wants('debug');
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
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

  #write(severity: LogSeverity, message: string, fields: LogFields | undefined): void {
    if (!this.#logs.wants(severity)) return;
    let line = `[${this.#scope}] ${printable(message)}`;
    for (const [key, value] of Object.entries(fields ?? {})) {
      if (value !== undefined) line += ` ${key}=${printable(String(value))}`;
    }
    this.#logs.event(severity, line);
  }
}
