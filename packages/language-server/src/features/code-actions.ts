import { randomBytes, randomUUID } from 'node:crypto';
import { nearest, type Format } from '@sluice/config';
import { stringify } from 'yaml';
import type { OpenDocument } from '../document/open-document.js';
import { findAt, memberOf, type TextNode } from '../document/text-tree.js';
import type { SchemaView } from '../schema/schema-view.js';
import type { Change } from './rename.js';
import { tagAt, tagPlaces, type TagPlace } from './tag-places.js';

export interface Action {
  readonly title: string;
  readonly changes: readonly Change[];
  /** Mends the problem that was asked about. */
  readonly mends: boolean;
}

/** A problem of the text, by offsets, as it was told to the editor. */
export interface ToldProblem {
  readonly code: string;
  readonly start: number;
  readonly end: number;
  /** What may have been meant, without quotes. */
  readonly suggestion: string | undefined;
}

/**
 * What mends a problem.
 * @param elsewhere tags of files that belong to the text's
 */
export function mendingActions(
  { root, text, format }: Pick<OpenDocument, 'root' | 'text' | 'format'>,
  elsewhere: readonly TagPlace[],
  problem: ToldProblem,
): Action[] {
  const actions: Action[] = [];
  const { suggestion, start, end, code } = problem;
  if (suggestion !== undefined)
    actions.push({
      title: `Change to "${suggestion}"`,
      changes: [replaced(text, start, end, suggestion)],
      mends: true,
    });
  if (code === 'C_UNKNOWN_OUTBOUND') {
    const places = tagPlaces(root, text);
    const tag = tagAt(places, start) ?? tagAt(places, start + 1);
    if (tag !== undefined) {
      const added = addedOutbound(root, text, format, tag.name);
      if (added !== undefined)
        actions.push({ title: `Add an outbound "${tag.name}"`, changes: [added], mends: suggestion === undefined });
      const known = [...places, ...elsewhere].filter(({ kind, role }) => kind === 'outbound' && role === 'definition');
      const near = nearest(
        tag.name,
        known.map(({ name }) => name),
      );
      if (near !== undefined && near !== suggestion)
        actions.push({
          title: `Change to "${near}"`,
          changes: [{ start: tag.start, end: tag.end, text: near }],
          mends: true,
        });
    }
  }
  return actions;
}

/** What can be made for the value at an offset. */
export function makingActions(root: TextNode | undefined, offset: number, schema: SchemaView): Action[] {
  const found = findAt(root, offset);
  const { path = [], node, member } = found ?? {};
  const key = path.at(-1);
  if (node?.kind !== 'scalar' || typeof key !== 'string') return [];
  const isSecret = schema.at(path, root).some((part) => part['x-secret'] === true);
  const make = (what: string, value: string): Action => ({
    title: `Generate a new ${what}`,
    changes: [{ start: node.start, end: node.end, text: JSON.stringify(value) }],
    mends: false,
  });
  const isUuid = /^(id|uuid)$/i.test(key);
  if (isUuid && (member !== undefined || typeof node.value === 'string')) return [make('UUID', randomUUID())];
  if (!isSecret) return [];
  if (/pass/i.test(key)) return [make('password', randomBytes(18).toString('base64url'))];
  return [make('secret', randomBytes(16).toString('hex'))];
}

function replaced(text: string, start: number, end: number, value: string): Change {
  const first = text[start];
  if (first === '"' || first === "'") return { start, end, text: `${first}${value}${first}` };
  // In YAML without quotes, where it stays what it is.
  const isPlain = /^[\w.@/-]+(?: [\w.@/-]+)*$/.test(value);
  return { start, end, text: isPlain ? value : JSON.stringify(value) };
}

/** At the end of the list of outbounds, or of the file. */
function addedOutbound(root: TextNode | undefined, text: string, format: Format, tag: string): Change | undefined {
  if (root === undefined || format === 'toml') return undefined;
  const entry = { tag, protocol: 'freedom' };
  const list = memberOf(root, 'outbounds');
  const last = list?.items.at(-1);
  const column = (at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1);
  if (format === 'yaml' && (list === undefined || !/^\s*[[{]/.test(text.slice(list.start, list.start + 1)))) {
    const lines = stringify([entry]).trimEnd().split('\n');
    if (last === undefined)
      return list === undefined
        ? {
            start: text.length,
            end: text.length,
            text: `${text.endsWith('\n') || text === '' ? '' : '\n'}outbounds:\n${lines.map((line) => `  ${line}\n`).join('')}`,
          }
        : undefined;
    const indent = ' '.repeat(Math.max(0, column(last.start) - 2));
    // A block's end is where the next line begins, or in the last line.
    const end = last.start + text.slice(last.start, last.end).trimEnd().length;
    return { start: end, end, text: lines.map((line) => `\n${indent}${line}`).join('') };
  }
  const json = JSON.stringify(entry)
    .replaceAll(/([:,])"/g, '$1 "')
    .replace('{', '{ ')
    .replace('}', ' }');
  if (last !== undefined) {
    const lineStart = text.lastIndexOf('\n', last.start - 1) + 1;
    const isOwnLine = text.slice(lineStart, last.start).trim() === '';
    const lead = isOwnLine ? `,\n${text.slice(lineStart, last.start)}` : ', ';
    return { start: last.end, end: last.end, text: `${lead}${json}` };
  }
  if (list?.kind === 'array') return { start: list.start + 1, end: list.start + 1, text: json };
  const member = root.members.at(-1);
  if (root.kind !== 'object' || list !== undefined) return undefined;
  if (member === undefined) return { start: root.start + 1, end: root.start + 1, text: `"outbounds": [${json}]` };
  const end = member.value?.end ?? member.keyEnd;
  const indent = text.slice(text.lastIndexOf('\n', member.start - 1) + 1, member.start);
  return { start: end, end, text: `,${indent.trim() === '' ? `\n${indent}` : ' '}"outbounds": [${json}]` };
}
