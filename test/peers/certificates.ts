import { createHash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess } from './process.js';

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** SHA-256 of the public key, in base64, as Chromium's switches want it. */
  readonly spki: string;
}

/**
 * A new authority in this folder, made by the real openssl, and certificates of its own for servers. RSA: its signatures
 * are all of one length, so that two handshakes can be compared by the lengths of their records.
 */
export class TestAuthority {
  /** The PEM file that clients trust. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #key: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.certificate = join(folder, 'ca.crt');
    this.#key = join(folder, 'ca.key');
  }

  static async create(folder: string): Promise<TestAuthority> {
    const authority = new TestAuthority(folder);
    const { certificate } = authority;
    await makeCertificate(['-subj', '/CN=Test authority', '-keyout', authority.#key, '-out', certificate]);
    return authority;
  }

  async issue(name: string): Promise<Certificate> {
    const certificate = join(this.#folder, `${name}.crt`);
    const key = join(this.#folder, `${name}.key`);
    await makeCertificate([
      ...['-CA', this.certificate, '-CAkey', this.#key, '-subj', `/CN=${name}`],
      ...['-addext', `subjectAltName=DNS:${name}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
      ...['-addext', 'extendedKeyUsage=serverAuth', '-keyout', key, '-out', certificate],
    ]);
    const { publicKey } = new X509Certificate(await readFile(certificate));
    const spki = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
    return { certificate, key, spki: spki.digest('base64') };
  }
}

async function makeCertificate(args: readonly string[]): Promise<void> {
  const common = ['req', '-x509', '-newkey', 'rsa:2048', '-noenc', '-sha256', '-days', '3'];
  const { code, stderr } = await runProcess('openssl', [...common, ...args]);
  if (code !== 0) throw new Error(`openssl made no certificate:\n${stderr}`);
}
