import process from 'node:process';
import type { Control, LogFeed, LogSeverity } from '@sluice/plugin-api';
import { HttpRefusal } from '../http/reply.js';
import { repeat, type Feed } from '../streams/streams.js';
import { describeRoute } from '../views/route-line.js';
import type { Connections } from '../views/connections.js';

const SECOND = 1000;
const INTERVAL = { least: 250, most: 60_000 };

const LEVELS: Readonly<Record<string, LogSeverity | 'silent'>> = {
  debug: 'debug',
  error: 'error',
  info: 'info',
  silent: 'silent',
  warn: 'warning',
  warning: 'warning',
};

/** The severity that is asked for. @throws HttpRefusal */
export function logLevel(query: URLSearchParams): LogSeverity | 'silent' {
  const text = query.get('level') ?? '';
  const level = text === '' ? 'info' : Object.hasOwn(LEVELS, text) ? LEVELS[text] : undefined;
  if (level === undefined) throw new HttpRefusal(400, 'Level invalid');
  return level;
}

/** In ms, within bounds. @throws HttpRefusal */
export function snapshotInterval(query: URLSearchParams): number {
  const text = query.get('interval') ?? '';
  if (text === '') return SECOND;
  if (!/^\d{1,9}$/.test(text)) throw new HttpRefusal(400, 'Interval invalid');
  return Math.min(Math.max(Number(text), INTERVAL.least), INTERVAL.most);
}

/** Bytes a second, and all so far. */
export function trafficFeed(control: Control): Feed {
  return (client) => {
    let last = control.traffic();
    let lastAt = performance.now();
    return repeat(SECOND, () => {
      const { uplink, downlink } = control.traffic();
      const now = performance.now();
      // Ticks come late on a busy machine; what is shown is a rate. The first has no time behind it.
      const seconds = Math.max(now - lastAt, SECOND) / SECOND;
      const up = Math.round((uplink - last.uplink) / seconds);
      const down = Math.round((downlink - last.downlink) / seconds);
      last = { uplink, downlink };
      lastAt = now;
      client.offer(() => JSON.stringify({ up, down, upTotal: uplink, downTotal: downlink }));
    });
  };
}

export const memoryFeed: Feed = (client) =>
  repeat(SECOND, () => client.offer(() => JSON.stringify({ inuse: process.memoryUsage.rss(), oslimit: 0 })));

export function connectionsFeed(connections: Connections): Feed {
  return (client, query) => repeat(snapshotInterval(query), () => client.offer(() => connections.snapshot()));
}

/** The instance's log, and as Clash has it one line for each connection: where it goes, and by which rule. */
export function logFeed(logs: LogFeed, control: Control): Feed {
  return (client, query) => {
    const level = logLevel(query);
    if (level === 'silent') return () => undefined;
    const isStructured = query.get('format') === 'structured';
    const write = (severity: LogSeverity, text: string): void => {
      const line = isStructured
        ? { time: new Date().toTimeString().slice(0, 8), level: severity, message: text, fields: [] }
        : { type: severity, payload: text };
      client.push(JSON.stringify(line));
    };
    const ends = [logs.subscribe(level, ({ severity, text }) => write(severity, text))];
    if (level === 'debug' || level === 'info') {
      ends.push(control.onRoute((event) => write('info', describeRoute(event, control))));
    }
    return () => {
      for (const end of ends) end();
    };
  };
}
