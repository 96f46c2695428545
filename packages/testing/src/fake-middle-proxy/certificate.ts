import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate and its key, made for one test. */
export interface SelfSignedCertificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** Where the certificate lies, for programs that take a file (NODE_EXTRA_CA_CERTS); its own authority. */
  readonly file: string;
  /** Removes the files. */
  remove(): Promise<void>;
}

/** By the machine's own `openssl`. `names`: host names and IP addresses. */
export async function createSelfSignedCertificate(names: readonly string[]): Promise<SelfSignedCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-certificate-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const [keyFile, file] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  try {
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=Fake middle proxies', '-addext', `subjectAltName=${names.map(alternative).join(',')}`],
      ...['-keyout', keyFile, '-out', file],
    ]);
    const [certificate, key] = await Promise.all([readFile(file, 'utf8'), readFile(keyFile, 'utf8')]);
    return { certificate, key, file, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function alternative(name: string): string {
  return `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`;
}
