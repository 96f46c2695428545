import type { Diagnostic, RelatedPlace, Severity, SourceRange } from '../model.js';
import type { Place } from '../source/node.js';
import type { DiagnosticCode } from './catalogue.js';

export interface ProblemDetails {
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  /** What could be written instead. */
  readonly suggestion?: string | undefined;
  /** Other places that the problem concerns, and what is there. */
  readonly related?: readonly { readonly place: Place; readonly message: string }[] | undefined;
}

/** Collects what is wrong with a configuration. */
export class Problems {
  readonly #diagnostics: Diagnostic[] = [];
  /** In strict mode what nothing reads is an error. */
  readonly strict: boolean;
  /** Where a number or boolean that stands without quotes was taken for a text. */
  readonly taken = new Set<Place>();

  constructor(options: { strict?: boolean | undefined } = {}) {
    this.strict = options.strict ?? false;
  }

  get count(): number {
    return this.#diagnostics.length;
  }

  get hasErrors(): boolean {
    return this.#diagnostics.some(({ severity }) => severity === 'error');
  }

  error(code: DiagnosticCode, place: Place, message: string, details: ProblemDetails = {}): void {
    this.#add('error', code, place, message, details);
  }

  warning(code: DiagnosticCode, place: Place, message: string, details: ProblemDetails = {}): void {
    this.#add('warning', code, place, message, details);
  }

  info(code: DiagnosticCode, place: Place, message: string, details: ProblemDetails = {}): void {
    this.#add('info', code, place, message, details);
  }

  /** Adds what others collected. */
  take(others: Problems): void {
    for (const one of others.#diagnostics) this.#diagnostics.push(one);
    for (const place of others.taken) this.taken.add(place);
  }

  /** By file, in the files' order, and by place within each. */
  sorted(files: readonly string[]): readonly Diagnostic[] {
    const fileRank = ({ range }: Diagnostic): number =>
      range === undefined ? files.length : files.indexOf(range.file);
    return Object.freeze(
      [...this.#diagnostics].sort(
        (a, b) =>
          fileRank(a) - fileRank(b) ||
          (a.range?.line ?? 0) - (b.range?.line ?? 0) ||
          (a.range?.column ?? 0) - (b.range?.column ?? 0),
      ),
    );
  }

  #add(severity: Severity, code: DiagnosticCode, place: Place, message: string, details: ProblemDetails): void {
    const range = rangeOf(place);
    const { related = [], ...words } = details;
    const known = Object.entries(words).filter(([, value]) => value !== undefined);
    this.#diagnostics.push(
      Object.freeze({
        code,
        severity,
        message,
        pointer: place.pointer,
        ...(range === undefined ? {} : { range }),
        ...Object.fromEntries(known),
        ...(related.length === 0 ? {} : { related: Object.freeze(related.map(relatedPlace)) }),
      }),
    );
  }
}

function relatedPlace({ place, message }: { readonly place: Place; readonly message: string }): RelatedPlace {
  const range = rangeOf(place);
  return Object.freeze({ message, pointer: place.pointer, ...(range === undefined ? {} : { range }) });
}

/** A place of several lines is shown by its first character: the bracket that opens it. */
export function rangeOf({ span }: Place): SourceRange | undefined {
  if (span === undefined) return undefined;
  const whole = span.source.range(span.start, span.end);
  return whole.line === whole.endLine ? whole : span.source.range(span.start, span.start + 1);
}
