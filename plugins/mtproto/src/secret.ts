import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';

/** What clients may use under a secret: any framing, or only the padded one. */
export type SecretMode = 'plain' | 'padded';

export interface Secret {
  readonly mode: SecretMode;
  /** 16 bytes. */
  readonly key: Buffer;
}

/** A secret, or the sentence that says what is wrong with the text. Never repeats the text. */
export function parseSecret(text: string): Secret | string {
  if (!/^[0-9a-f]*$/i.test(text)) return 'a secret is written in hexadecimal digits';
  if (/^ee/i.test(text) && text.length > 32) {
    return 'fake TLS secrets ("ee…") are not supported yet: use a plain secret or a "dd" one';
  }
  if (text.length === 32) return { mode: 'plain', key: Buffer.from(text, 'hex') };
  if (text.length === 34 && /^dd/i.test(text)) return { mode: 'padded', key: Buffer.from(text.slice(2), 'hex') };
  return `a secret has 32 hexadecimal digits, or "dd" and 32 of them; this one has ${text.length}`;
}

export function formatSecret(secret: Secret): string {
  return `${secret.mode === 'padded' ? 'dd' : ''}${secret.key.toString('hex')}`;
}

export function newSecret(mode: SecretMode): Secret {
  return { mode, key: randomBytes(16) };
}
