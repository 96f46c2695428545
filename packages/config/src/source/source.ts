import type { SourceRange } from '../model.js';

/** A stretch of a source's text, by UTF-16 offsets; `end` is exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** A named text whose offsets can be told as lines and columns. */
export class Source {
  readonly text: string;
  #lineStarts: number[] | undefined;

  /** A byte order mark is taken off: editors do not count it as a column. */
  constructor(
    readonly file: string,
    text: string,
  ) {
    this.text = text.startsWith('\uFEFF') ? text.slice(1) : text;
  }

  range(start: number, end: number): SourceRange {
    const from = this.#position(start);
    const to = this.#position(Math.max(start, end));
    return { file: this.file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
  }

  #position(offset: number): { line: number; column: number } {
    const starts = (this.#lineStarts ??= findLineStarts(this.text));
    const bounded = Math.min(Math.max(0, offset), this.text.length);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= bounded) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: bounded - (starts[low] as number) + 1 };
  }
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (const newline of text.matchAll(/\r\n|\n|\r/g)) starts.push(newline.index + newline[0].length);
  return starts;
}
