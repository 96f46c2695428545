import { SluiceError, type Dispatcher, type Logger } from '@sluice/plugin-api';
import { HttpRefusal } from '../http/reply.js';
import type { DelayHistory } from './delay-history.js';
import { testDelay } from './delay-test.js';

const DEFAULT_URL = 'https://www.gstatic.com/generate_204';
const DEFAULT_TIMEOUT_MS = 5000;
const MAX_TIMEOUT_MS = 30_000;
/** Tests of one group that run side by side. */
const SIDE_BY_SIDE = 20;
/** For a whole group: whoever asks does not wait for ever. */
const GROUP_MS = 40_000;
const MAX_RUNNING = 64;

export interface DelayQuestion {
  readonly url: URL;
  readonly timeoutMs: number;
}

/** @throws HttpRefusal */
export function delayQuestion(query: URLSearchParams): DelayQuestion {
  const urlText = query.get('url') ?? '';
  const url = urlText === '' ? DEFAULT_URL : urlText;
  if (!URL.canParse(url)) throw new HttpRefusal(400, 'URL invalid');
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw new HttpRefusal(400, 'URL invalid');
  const timeoutText = query.get('timeout') ?? '';
  if (!/^\d{0,9}$/.test(timeoutText)) throw new HttpRefusal(400, 'Timeout invalid');
  const timeoutMs = timeoutText === '' ? DEFAULT_TIMEOUT_MS : Number(timeoutText);
  return { url: parsed, timeoutMs: Math.min(Math.max(timeoutMs, 1), MAX_TIMEOUT_MS) };
}

/** Tests outbounds and keeps what it found. */
export class DelayTester {
  readonly #dispatcher: Dispatcher;
  readonly #history: DelayHistory;
  readonly #logger: Logger;
  readonly #closing: AbortSignal;
  #running = 0;

  /** @param closing aborted when the service closes, which ends all tests */
  constructor(dispatcher: Dispatcher, history: DelayHistory, logger: Logger, closing: AbortSignal) {
    this.#dispatcher = dispatcher;
    this.#history = history;
    this.#logger = logger;
    this.#closing = closing;
  }

  /** In ms. @throws SluiceError why it failed; HttpRefusal if too many tests are running */
  async test(outboundTag: string, question: DelayQuestion): Promise<number> {
    if (this.#running >= MAX_RUNNING) throw new HttpRefusal(503, 'Too many delay tests are running');
    this.#running += 1;
    const url = question.url.href;
    try {
      const delay = await testDelay(this.#dispatcher, { outboundTag, ...question, signal: this.#closing });
      this.#history.record(outboundTag, url, { at: Date.now(), delay });
      return delay;
    } catch (error) {
      this.#history.record(outboundTag, url, { at: Date.now(), delay: 0 });
      if (error instanceof SluiceError) {
        this.#logger.debug(`delay test of ${outboundTag} failed: ${error.message}`, { code: error.code });
      }
      throw error;
    } finally {
      this.#running -= 1;
    }
  }

  /** The delays of those that answered, by tag. */
  async testAll(outboundTags: readonly string[], question: DelayQuestion): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    const waiting = [...new Set(outboundTags)];
    const endAt = performance.now() + GROUP_MS;
    const work = async (): Promise<void> => {
      for (let tag = waiting.shift(); tag !== undefined; tag = waiting.shift()) {
        try {
          const left = Math.max(1, Math.round(endAt - performance.now()));
          found[tag] = await this.test(tag, { ...question, timeoutMs: Math.min(question.timeoutMs, left) });
        } catch {
          // Left out, as Clash leaves it out; the history has it.
        }
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    return found;
  }
}
