import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** What is wrong with a certificate and its key, in words that hold nothing of either. */
export interface KeyPairFault {
  /** Which of both is at fault. */
  readonly part: 'certificate' | 'key';
  /** What is wrong with it; holds nothing of the key. */
  readonly message: string;
}

/**
 * For a `check` of settings that take a certificate: whether both can be read and belong together. Report what it
 * finds with the code "C_CERTIFICATE".
 * @param certificate PEM; of a chain the first one counts
 * @param key PEM of the private key, not encrypted
 */
export function keyPairFault(certificate: string, key: string): KeyPairFault | undefined {
  let own: X509Certificate;
  try {
    own = new X509Certificate(certificate);
  } catch {
    return { part: 'certificate', message: 'not a certificate in PEM' };
  }
  let secret: KeyObject;
  try {
    secret = createPrivateKey(key);
  } catch {
    return { part: 'key', message: key.includes('ENCRYPTED') ? 'the key is encrypted' : 'not a private key in PEM' };
  }
  if (own.checkPrivateKey(secret)) return undefined;
  return { part: 'key', message: 'the certificate is not of this key' };
}
