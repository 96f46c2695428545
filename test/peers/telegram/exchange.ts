import { fileURLToPath } from 'node:url';
import { runProcess } from '../process.js';
import type { PingTarget } from './ping.js';

const clients = {
  mtcute: { program: process.execPath, script: 'mtcute-exchange.mjs' },
  /** Needs the peer `telethon`. */
  telethon: { program: '/usr/bin/python3', script: 'telethon-exchange.py' },
} as const;

/** Clients that can be given a data centre's key. */
export type ExchangeClient = keyof typeof clients;

/** mtcute takes negative ids (media) and those over 10,000 (test), too. */
export type ExchangeTarget = PingTarget & { readonly dc: number };

export interface ExchangeResult {
  /** A key was made, and a call under it was answered. */
  readonly ok: boolean;
  /** What the answer said: "nearest to COUNTRY is ID"; or what went wrong. */
  readonly detail: string;
}

/**
 * A real client, in a process of its own, goes through an MTProto proxy, makes an authorization key and calls
 * help.getNearestDc under it; to all targets at once. `publicKey`: the data centre's, in PEM. Dials nothing but the
 * proxies. Never rejects for what a proxy does; `timeout` in milliseconds, default 20,000.
 */
export async function exchangeThrough(
  client: ExchangeClient,
  publicKey: string,
  targets: readonly ExchangeTarget[],
  timeout = 20_000,
): Promise<ExchangeResult[]> {
  const { program, script } = clients[client];
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout, stderr } = await runProcess(program, [file, JSON.stringify({ publicKey, targets })], { timeout });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (line.startsWith('[')) return JSON.parse(line) as ExchangeResult[];
  return targets.map(() => ({ ok: false, detail: `no answer in time: ${stderr.slice(-2_000)}` }));
}
