import { HttpError } from './http-error.js';

/** A header field. Text is latin1: one character a byte. */
export interface Field {
  readonly name: string;
  /** The name in lower case. */
  readonly key: string;
  readonly value: string;
}

/** More fields than this are refused. */
const MAX_FIELDS = 512;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110, section 5.5: visible characters, bytes above 127, and within the value SP and HTAB.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

export interface FieldOptions {
  readonly status: number;
  /** Join folded lines (RFC 9112, section 5.2); otherwise they are refused. */
  readonly folded?: boolean;
}

/** The fields of a head or a trailer section, in order. */
export class Fields implements Iterable<Field> {
  readonly #fields: readonly Field[];

  private constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  static readonly none = new Fields([]);

  /** Field lines, without line ends. @throws HttpError the given status, or 431 for too many */
  static parse(lines: readonly string[], options: FieldOptions): Fields {
    const fields: Field[] = [];
    for (const line of lines) {
      if (line.startsWith(' ') || line.startsWith('\t')) {
        const last = fields.pop();
        if (last === undefined || options.folded !== true)
          throw new HttpError(options.status, 'a field line is folded');
        fields.push(field(last.name, `${last.value} ${line.replace(OUTER_SPACE, '')}`, options.status));
        continue;
      }
      const colon = line.indexOf(':');
      if (colon < 0) throw new HttpError(options.status, 'a field line has no colon');
      fields.push(field(line.slice(0, colon), line.slice(colon + 1).replace(OUTER_SPACE, ''), options.status));
      if (fields.length > MAX_FIELDS) {
        throw new HttpError(431, `the message has more than ${MAX_FIELDS} fields`, 'E_HANDSHAKE_LIMIT');
      }
    }
    return new Fields(fields);
  }

  [Symbol.iterator](): Iterator<Field> {
    return this.#fields[Symbol.iterator]();
  }

  has(key: string): boolean {
    return this.#fields.some((field) => field.key === key);
  }

  /** The values of all fields of that lower-case name. */
  values(key: string): string[] {
    return this.#fields.filter((field) => field.key === key).map((field) => field.value);
  }

  /** The members of a comma-separated list field, in lower case, over all its lines. */
  list(key: string): string[] {
    return this.values(key)
      .flatMap((value) => value.split(','))
      .map((member) => member.replace(OUTER_SPACE, '').toLowerCase())
      .filter((member) => member !== '');
  }

  without(drop: (key: string) => boolean): Fields {
    return new Fields(this.#fields.filter((field) => !drop(field.key)));
  }

  /** As field lines, each with its CRLF. */
  serialise(): string {
    return this.#fields.map((field) => `${field.name}: ${field.value}\r\n`).join('');
  }
}

function field(name: string, value: string, status: number): Field {
  if (!NAME.test(name)) throw new HttpError(status, 'a field name has forbidden characters');
  if (!VALUE.test(value)) throw new HttpError(status, 'a field value has forbidden characters');
  return { name, key: name.toLowerCase(), value };
}
