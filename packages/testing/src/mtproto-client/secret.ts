export interface ClientSecret {
  /** 16 bytes; undefined towards a data centre itself. */
  readonly key: Buffer | undefined;
  /** Clients use the padded framing inside TLS, too. */
  readonly isPadded: boolean;
  /** Of a fake TLS secret. */
  readonly domain: string | undefined;
}

/** A secret as users get it, in hex. @throws TypeError */
export function parseSecret(secret: string | undefined): ClientSecret {
  if (secret === undefined) return { key: undefined, isPadded: false, domain: undefined };
  const bytes = Buffer.from(secret, 'hex');
  const form = bytes.length === 16 ? '' : secret.slice(0, 2).toLowerCase();
  const isPlausible =
    bytes.length * 2 === secret.length &&
    (bytes.length === 16 || (form === 'dd' && bytes.length === 17) || (form === 'ee' && bytes.length > 17));
  if (!isPlausible) {
    throw new TypeError('a secret is 32 hex digits, after dd or nothing, or between ee and a domain in hex');
  }
  const start = form === '' ? 0 : 1;
  return {
    key: bytes.subarray(start, start + 16),
    isPadded: form !== '',
    domain: form === 'ee' ? bytes.subarray(17).toString() : undefined,
  };
}
