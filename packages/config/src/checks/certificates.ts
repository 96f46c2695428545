import { keyPairFault } from '@sluice/plugin-api';
import { Buffer } from 'node:buffer';
import { readBounded } from '../assets/asset-folders.js';
import type { Problems } from '../diagnostics/problems.js';
import { items, member, text, type ConfigNode, type ObjectNode } from '../source/node.js';

/** One half of a pair, and where it stands. */
interface Half {
  readonly node: ConfigNode;
  /** Undefined if it could not be read. */
  readonly pem: string | undefined;
}

/**
 * Whether the certificates of `tlsSettings` belong to their keys, in files or in the text. The handlers' own settings
 * are looked at by their plugins.
 */
export function checkCertificates(handlers: readonly { readonly node: ObjectNode }[], problems: Problems): void {
  for (const { node } of handlers) {
    const stream = member(node, 'streamSettings');
    if (text(stream, 'security') !== 'tls') continue;
    for (const entry of items(member(stream, 'tlsSettings'), 'certificates')) checkPair(entry, problems);
  }
}

function checkPair(entry: ConfigNode, problems: Problems): void {
  const certificate = readHalf(entry, 'certificate', problems);
  const key = readHalf(entry, 'key', problems);
  if (certificate?.pem === undefined || key?.pem === undefined) return;
  const fault = keyPairFault(certificate.pem, key.pem);
  if (fault === undefined) return;
  const { node } = fault.part === 'key' ? key : certificate;
  problems.error('C_CERTIFICATE', node.place, fault.message);
}

/** As V2Ray has them: a file's path, or else the lines. */
function readHalf(entry: ConfigNode, name: 'certificate' | 'key', problems: Problems): Half | undefined {
  const file = folded(entry, `${name}File`);
  if (file?.kind === 'scalar' && typeof file.value === 'string' && file.value !== '') {
    try {
      return { node: file, pem: Buffer.from(readBounded(file.value)).toString() };
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      problems.warning('C_CERTIFICATE', file.place, `the file of the ${name} cannot be read here: ${why}`);
      return { node: file, pem: undefined };
    }
  }
  const lines = folded(entry, name);
  if (lines === undefined) return undefined;
  const parts = lines.kind === 'array' ? lines.items : [lines];
  const pem = parts.map((part) => (part.kind === 'scalar' ? String(part.value) : '')).join('\n');
  return { node: lines, pem };
}

/** The settings of a transport that is not there are as the file spells them, and V2Ray's keys have no case. */
function folded(node: ConfigNode, key: string): ConfigNode | undefined {
  if (node.kind !== 'object') return undefined;
  return node.members.find((one) => one.key.toLowerCase() === key.toLowerCase())?.value;
}
