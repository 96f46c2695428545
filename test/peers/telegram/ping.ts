import { fileURLToPath } from 'node:url';
import { runProcess } from '../process.js';
import { temporaryFolder } from '../temporary.js';

const clients = {
  /** TDLib 1.8: the code inside Telegram's own desktop and mobile clients. Chooses the data centre itself. */
  tdlib: { program: process.execPath, script: 'tdlib.mjs' },
  mtcute: { program: process.execPath, script: 'mtcute.mjs' },
  /** GramJS: abridged framing under every secret. */
  gramjs: { program: process.execPath, script: 'gramjs.mjs' },
  /** Needs the peer `telethon`. Its MTProxy connection waits two seconds by itself before it speaks. */
  telethon: { program: '/usr/bin/python3', script: 'telethon-client.py' },
} as const;

export type TelegramClient = keyof typeof clients;

export const telegramClients = Object.keys(clients) as TelegramClient[];

export interface PingTarget {
  readonly host: string;
  readonly port: number;
  /** In hex, as users get it: 32 digits, after `dd` or nothing. */
  readonly secret: string;
  /** Data centre to ask for, 1 to 5; default 2. */
  readonly dc?: number;
}

export interface PingResult {
  /** resPQ came back, and its nonce was the client's own. */
  readonly ok: boolean;
  /** What the client said: the key fingerprint out of resPQ, or why there is none. */
  readonly detail: string;
}

/**
 * A real Telegram client, in a process of its own, sends req_pq_multi through an MTProto proxy. Dials nothing but the
 * proxy. Never rejects for what the proxy does; `timeout` in milliseconds, default 20,000.
 */
export async function pingThrough(client: TelegramClient, target: PingTarget, timeout = 20_000): Promise<PingResult> {
  const { program, script } = clients[client];
  const folder = await temporaryFolder(client);
  try {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const { stdout, stderr } = await runProcess(program, [file, JSON.stringify({ dc: 2, ...target }), folder.path], {
      timeout,
    });
    const line = stdout.trim().split('\n').at(-1) ?? '';
    if (!line.startsWith('{"ok"')) return { ok: false, detail: `no answer in time: ${stderr.slice(-2_000)}` };
    return JSON.parse(line) as PingResult;
  } finally {
    await folder.remove();
  }
}
