/** Where a key and its value stand in a TOML text, and what is inside the value. */
export interface TomlPlace {
  /** By their names, in the order of the text. */
  readonly members: Map<string, TomlPlace>;
  readonly items: TomlPlace[];
  /** The name in a heading or before the "=". */
  keyStart: number;
  keyEnd: number;
  /** The value; of a table, its first heading's. */
  start: number;
  end: number;
}

export interface TomlScan {
  readonly root: TomlPlace;
  /** Offsets of the comments, from "#" to before the end of the line. */
  readonly comments: readonly (readonly [start: number, end: number])[];
}

const BARE = /[A-Za-z0-9_-]/;

/**
 * Finds the places in a text that is known to be TOML: of a value that the parser has read, it says
 * where it stands, and leaves out what it does not understand.
 */
export function scanToml(text: string): TomlScan {
  return new TomlScanner(text).scan();
}

class TomlScanner {
  readonly #root = place(0, 0);
  readonly #comments: [number, number][] = [];
  #at = 0;

  constructor(readonly text: string) {}

  scan(): TomlScan {
    let table = this.#root;
    for (;;) {
      this.#skip(true);
      if (this.#at >= this.text.length) break;
      const before = this.#at;
      if (this.text[this.#at] === '[') table = this.#heading();
      else this.#pair(table);
      if (this.#at === before) this.#at += 1;
    }
    return { root: this.#root, comments: this.#comments };
  }

  #heading(): TomlPlace {
    const start = this.#at;
    const list = this.text.startsWith('[[', start);
    this.#at += list ? 2 : 1;
    const path = this.#path();
    const close = this.text.indexOf(']', this.#at);
    this.#at = close < 0 ? this.text.length : close + (list ? 2 : 1);
    let table = this.#root;
    for (const [index, [name, from, to]] of path.entries()) {
      const own = child(table, name, from, to, start, this.#at);
      const last = index === path.length - 1;
      if (last && list) own.items.push(place(start, this.#at));
      table = own.items.at(-1) ?? own;
    }
    return table;
  }

  #pair(table: TomlPlace): void {
    const path = this.#path();
    this.#skip(false);
    if (this.text[this.#at] !== '=' || path.length === 0) return;
    this.#at += 1;
    this.#skip(false);
    const start = this.#at;
    let own = table;
    for (const [name, from, to] of path) own = child(own, name, from, to, from, to);
    this.#value(own);
    own.start = start;
    own.end = this.#at;
  }

  #value(own: TomlPlace): void {
    const char = this.text[this.#at];
    if (char === '"' || char === "'") this.#at = stringEnd(this.text, this.#at);
    else if (char === '[') this.#inside(']', () => own.items.push(this.#item()));
    else if (char === '{') this.#inside('}', () => this.#pair(own));
    else {
      const rest = /[^,\]}#\r\n]*/y;
      rest.lastIndex = this.#at;
      this.#at += (rest.exec(this.text)?.[0] ?? '').trimEnd().length;
    }
  }

  #item(): TomlPlace {
    const own = place(this.#at, this.#at);
    this.#value(own);
    own.end = this.#at;
    return own;
  }

  #inside(close: string, entry: () => void): void {
    this.#at += 1;
    for (;;) {
      this.#skip(true);
      if (this.#at >= this.text.length) return;
      const char = this.text[this.#at];
      const before = this.#at;
      if (char === close) {
        this.#at += 1;
        return;
      }
      if (char === ',') this.#at += 1;
      else entry();
      if (this.#at === before) this.#at += 1;
    }
  }

  /** A dotted key: each part's name and offsets. */
  #path(): [name: string, start: number, end: number][] {
    const parts: [string, number, number][] = [];
    for (;;) {
      this.#skip(false);
      const start = this.#at;
      const char = this.text[start];
      if (char === '"' || char === "'") {
        this.#at = stringEnd(this.text, start);
        parts.push([unquoted(this.text.slice(start, this.#at)), start, this.#at]);
      } else {
        while (BARE.test(this.text[this.#at] ?? '')) this.#at += 1;
        if (this.#at === start) return parts;
        parts.push([this.text.slice(start, this.#at), start, this.#at]);
      }
      this.#skip(false);
      if (this.text[this.#at] !== '.') return parts;
      this.#at += 1;
    }
  }

  /** Over spaces and, where a line may end, over line ends and comments. */
  #skip(lines: boolean): void {
    for (; this.#at < this.text.length; this.#at += 1) {
      const char = this.text[this.#at] as string;
      if (char === '#' && lines) {
        const rest = /[^\r\n]*/y;
        rest.lastIndex = this.#at;
        const end = this.#at + (rest.exec(this.text)?.[0].length ?? 0);
        this.#comments.push([this.#at, end]);
        this.#at = end - 1;
      } else if (char !== ' ' && char !== '\t' && !(lines && (char === '\n' || char === '\r'))) return;
    }
  }
}

function place(start: number, end: number): TomlPlace {
  return { members: new Map(), items: [], keyStart: start, keyEnd: end, start, end };
}

function child(
  parent: TomlPlace,
  name: string,
  keyStart: number,
  keyEnd: number,
  start: number,
  end: number,
): TomlPlace {
  const known = parent.members.get(name);
  if (known !== undefined) return known;
  const own: TomlPlace = { members: new Map(), items: [], keyStart, keyEnd, start, end };
  parent.members.set(name, own);
  return own;
}

/** Just after the string that starts here, in any of the four kinds of quotes. */
function stringEnd(text: string, start: number): number {
  const quote = text[start] as string;
  const triple = text.startsWith(quote.repeat(3), start);
  const close = triple ? quote.repeat(3) : quote;
  for (let at = start + close.length; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text.startsWith(close, at)) {
      let end = at + close.length;
      // Up to two more quotes belong to the text itself.
      while (triple && end < at + 5 && text[end] === quote) end += 1;
      return end;
    } else if (!triple && text[at] === '\n') return at;
  }
  return text.length;
}

const SHORT: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b' };

/** The name that a quoted key is. */
function unquoted(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("'")) return inner;
  return inner.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/g,
    (_, four?: string, eight?: string, two?: string, short?: string) => {
      const hex = four ?? eight ?? two;
      return hex === undefined ? (SHORT[short ?? ''] ?? short ?? '') : String.fromCodePoint(Number.parseInt(hex, 16));
    },
  );
}
