import { applyEdits, modify, parse, type ModificationOptions, type ParseError } from 'jsonc-parser';

const FORMATTING: ModificationOptions = { formattingOptions: { insertSpaces: true, tabSize: 2 } };

/** A file of a workspace, and the schema that it is to be edited by. */
export interface Association {
  readonly language: 'json' | 'yaml';
  /** Path from the workspace's folder, with slashes. */
  readonly file: string;
  /** Path from the workspace's folder, or a URL. */
  readonly schema: string;
}

/**
 * Adds the association to VS Code's settings, unless it is there; everything else stays as it stands, comments too.
 * @param text of .vscode/settings.json; empty for a new one
 * @returns the text; undefined if it is not settings that something can be added to
 */
export function withAssociation(text: string, { language, file, schema }: Association): string | undefined {
  const errors: ParseError[] = [];
  const settings: unknown = text.trim() === '' ? {} : parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || !isObject(settings)) return undefined;
  const base = text.trim() === '' ? '{}\n' : text;
  const set = (path: (string | number)[], value: unknown, isInsertion = false): string =>
    applyEdits(base, modify(base, path, value, { ...FORMATTING, isArrayInsertion: isInsertion }));
  if (language === 'json') {
    const key = 'json.schemas';
    const entry = { fileMatch: [`/${file}`], url: schema };
    const there = settings[key] ?? [];
    if (!Array.isArray(there)) return undefined;
    if (there.some((each) => JSON.stringify(each) === JSON.stringify(entry))) return base;
    return there.length === 0 ? set([key], [entry]) : set([key, there.length], entry, true);
  }
  const key = 'yaml.schemas';
  const there = settings[key] ?? {};
  if (!isObject(there)) return undefined;
  const files = [there[schema] ?? []].flat();
  return files.includes(file) ? base : set([key, schema], [...files, file]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
