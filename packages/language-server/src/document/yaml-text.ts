import { readPlainYaml, Source, type ConfigNode, type PartReader } from '@sluice/config';
import { isAlias, isMap, isScalar, isSeq, type Node as YamlNode, type Pair } from 'yaml';
import { MAX_DEPTH, NONE, type TextMember, type TextNode } from './text-tree.js';
import { viewOf } from './tree-view.js';
import { firstDocument } from './yaml-document.js';

/** Reads YAML as far as it can be read: what is plain in the quick way, the rest with the library, entry by entry. */
export function readYaml(text: string): TextNode | undefined {
  // A `Source` takes it off, and offsets here count it.
  if (text.startsWith('\uFEFF')) return contentsOf(text, 0, 0);
  const source = new Source('', text);
  const loose = new Map<ConfigNode, TextNode | undefined>();
  const standIn = (value: TextNode | undefined, start: number, end: number): ConfigNode => {
    const node: ConfigNode = { kind: 'scalar', value: null, place: { pointer: '', span: { source, start, end } } };
    loose.set(node, value);
    return node;
  };
  const readPart: PartReader = ({ kind, text: part, offset, depth }) => {
    const read = contentsOf(part, offset, depth);
    if (read === undefined) return undefined;
    const { start, end } = read;
    const place = { pointer: '', span: { source, start, end } };
    if (kind === 'item') {
      const [item] = read.items;
      return { kind: 'array', items: item === undefined ? [] : [standIn(item, item.start, item.end)], place };
    }
    // A key that is just being written has no colon yet.
    const isWord = read.kind === 'scalar' && typeof read.value === 'string' && !part.trim().includes('\n');
    const members = isWord ? [{ key: read.value, start, keyEnd: end, value: undefined }] : read.members;
    return {
      kind: 'object',
      members: members.map(({ key, start: from, keyEnd, value }) => ({
        key,
        keyPlace: { pointer: '', span: { source, start: from, end: keyEnd } },
        value: standIn(value, value?.start ?? keyEnd, value?.end ?? keyEnd),
      })),
      place,
    };
  };
  const plain = readPlainYaml(source, readPart);
  return plain === undefined ? contentsOf(text, 0, 0) : viewOf(plain, loose);
}

/** @param offset what is added to every place */
function contentsOf(text: string, offset: number, depth: number): TextNode | undefined {
  const contents = firstDocument(text)?.contents;
  return contents === undefined || contents === null ? undefined : fromYaml(contents, offset, depth);
}

function fromYaml(node: YamlNode, offset: number, depth: number): TextNode | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const [from, to] = node.range ?? [0, 0];
  const [start, end] = [from + offset, to + offset];
  if (isMap(node)) {
    const members: TextMember[] = [];
    for (const { key, value } of node.items as Pair<unknown, YamlNode | null>[]) {
      if (!isScalar(key) || !key.range) continue;
      members.push({
        key: String(key.value),
        start: key.range[0] + offset,
        keyEnd: key.range[1] + offset,
        value: value === null ? undefined : fromYaml(value, offset, depth + 1),
      });
    }
    return { kind: 'object', start, end, members, items: NONE, value: undefined };
  }
  if (isSeq(node)) {
    const items: TextNode[] = [];
    for (const each of node.items as YamlNode[]) {
      const item = fromYaml(each, offset, depth + 1);
      if (item !== undefined) items.push(item);
    }
    return { kind: 'array', start, end, members: NONE, items, value: undefined };
  }
  // What an alias repeats is told where it stands.
  const value: unknown = isAlias(node) || !isScalar(node) ? undefined : node.value;
  return { kind: 'scalar', start, end, members: NONE, items: NONE, value };
}
