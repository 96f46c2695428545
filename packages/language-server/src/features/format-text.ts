import { plainJson, type Format } from '@sluice/config';
import { applyEdits, format as formatJson } from 'jsonc-parser';
import { parseDocument } from 'yaml';

export interface FormatStyle {
  readonly tabSize: number;
  readonly insertSpaces: boolean;
}

/** The text laid out anew, with its comments; undefined if it has errors, or is TOML. */
export function formatted(text: string, format: Format, { tabSize, insertSpaces }: FormatStyle): string | undefined {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  if (format === 'toml') return undefined;
  if (format === 'yaml') {
    const document = parseDocument(text, { prettyErrors: false, keepSourceTokens: false });
    if (document.errors.length > 0) return undefined;
    const laid = document.toString({ indent: Math.min(Math.max(tabSize, 2), 8), lineWidth: 0 });
    return eol === '\n' ? laid : laid.replaceAll(/\r?\n/g, eol);
  }
  const readable = withSlashes(text);
  if (readable === undefined) return undefined;
  const edits = formatJson(readable, undefined, { tabSize, insertSpaces, eol, insertFinalNewline: true });
  // Edits are of the space between what means something: they fit the text as it is written, too.
  return applyEdits(text, edits);
}

/** The same text, in length too, with `//` for `#`, which the library does not know. */
function withSlashes(text: string): string | undefined {
  const { text: plain } = plainJson(text);
  let changed = text;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === plain[at]) continue;
    const isBlock = text.startsWith('/*', at);
    const end = isBlock ? text.indexOf('*/', at) + 2 : at + (/[\r\n]|$/.exec(text.slice(at))?.index ?? 0);
    if (text[at] === '#') {
      // A mark alone has no room for two.
      if (end - at < 2) return undefined;
      changed = `${changed.slice(0, at)}//${changed.slice(at + 2)}`;
    }
    at = Math.max(at, end - 1);
  }
  return changed;
}
