import { WireError, WireReader, type Span } from './wire-reader.js';

/** V2Ray's Domain.Type, by its number on the wire. */
const KINDS = ['keyword', 'regexp', 'domain', 'full'] as const;

export interface GeoDomain {
  readonly kind: (typeof KINDS)[number];
  readonly value: string;
  /** Lower-case; with or without a value, an attribute counts as set. */
  readonly attributes: readonly string[];
}

const NO_ATTRIBUTES: readonly string[] = [];

/** @throws WireError */
export function* readDomains(bytes: Uint8Array, members: Iterable<Span>): Iterable<GeoDomain> {
  for (const member of members) yield readDomain(bytes, member);
}

function readDomain(bytes: Uint8Array, member: Span): GeoDomain {
  const message = new WireReader(bytes, member);
  let type = 0;
  let value = '';
  let attributes = NO_ATTRIBUTES;
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) type = message.number();
    else if (field === 2) value = message.text();
    else if (field === 3) attributes = [...attributes, attributeKey(bytes, message.span())];
    else message.skip();
  }
  const kind = KINDS[type];
  if (kind === undefined || value === '') throw new WireError('a domain of an unknown kind');
  return { kind, value, attributes };
}

function attributeKey(bytes: Uint8Array, span: Span): string {
  const message = new WireReader(bytes, span);
  for (let field = message.next(); field !== 0; field = message.next()) {
    if (field === 1) return message.text().toLowerCase();
    message.skip();
  }
  return '';
}
