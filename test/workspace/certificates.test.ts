import { createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatDiagnostic, loadTexts, type Diagnostic } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import { keyPairFault } from '@sluice/plugin-api';
import freedom from '@sluice/plugin-freedom';
import socks from '@sluice/plugin-socks';
import { createSelfSignedCertificate, type SelfSignedCertificate } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const plugins = [corePlugin, freedom, socks];
let one: SelfSignedCertificate;
let other: SelfSignedCertificate;
let keyFile: string;

beforeAll(async () => {
  [one, other] = await Promise.all([
    createSelfSignedCertificate(['one.example']),
    createSelfSignedCertificate(['other.example']),
  ]);
  keyFile = join(dirname(one.file), 'key.pem');
});

afterAll(() => Promise.all([one.remove(), other.remove()]));

function certificates(...entries: readonly object[]): Diagnostic[] {
  const streamSettings = { security: 'tls', tlsSettings: { certificates: entries } };
  const inbound = { listen: '127.0.0.1', port: 1080, protocol: 'socks', streamSettings };
  const text = JSON.stringify({ inbounds: [inbound], outbounds: [{ protocol: 'freedom' }] }).replaceAll('},', '},\n');
  const { diagnostics, sources } = loadTexts([{ file: 'a.json', text }], { plugins, env: {} });
  const shown = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, sources.get('a.json'))).join();
  for (const line of [one, other].flatMap(({ key }) => key.split('\n').slice(1, -2))) expect(shown).not.toContain(line);
  return diagnostics.filter(({ code }) => code === 'C_CERTIFICATE');
}

const at = '/inbounds/0/streamSettings/tlsSettings/certificates';

describe('a certificate', () => {
  it('that belongs to its key is fine, from files and from lines', () => {
    expect(
      certificates(
        { certificateFile: one.file, keyFile },
        { certificate: one.certificate.split('\n'), key: one.key.split('\n') },
        { usage: 'verify', CertificateFile: one.file },
      ),
    ).toEqual([]);
    expect(keyPairFault(`${one.certificate}${other.certificate}`, one.key)).toBeUndefined();
  });

  it('that does not is an error at its key', () => {
    expect(
      certificates(
        { certificateFile: other.file, keyFile },
        { certificate: one.certificate.split('\n'), key: other.key.split('\n') },
      ),
    ).toMatchObject([
      { severity: 'error', pointer: `${at}/0/keyFile`, message: 'the certificate is not of this key' },
      { severity: 'error', pointer: `${at}/1/key`, message: 'the certificate is not of this key' },
    ]);
  });

  it('that cannot be read is a warning: it may be on another machine', () => {
    expect(
      certificates({ certificateFile: '/nowhere/a.crt', keyFile }, { certificateFile: one.file, keyFile: '/' }),
    ).toMatchObject([
      { severity: 'warning', pointer: `${at}/0/certificateFile`, message: expect.stringContaining('ENOENT') as string },
      { severity: 'warning', pointer: `${at}/1/keyFile` },
    ]);
  });

  it('that is none, and a key that is none or encrypted, are told', async () => {
    const encrypted = createPrivateKey(one.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();
    await writeFile(join(dirname(other.file), 'encrypted.pem'), encrypted);
    expect(
      certificates(
        { certificateFile: keyFile, keyFile },
        { certificateFile: one.file, keyFile: one.file },
        { certificateFile: one.file, keyFile: join(dirname(other.file), 'encrypted.pem') },
      ).map(({ pointer, message }) => [pointer.slice(at.length), message]),
    ).toEqual([
      ['/0/certificateFile', 'not a certificate in PEM'],
      ['/1/keyFile', 'not a private key in PEM'],
      ['/2/keyFile', 'the key is encrypted'],
    ]);
  });
});
