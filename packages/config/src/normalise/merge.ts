import type { Problems } from '../diagnostics/problems.js';
import { member, text, withMember, type ArrayNode, type ConfigNode, type ObjectNode } from '../source/node.js';

/** A normalised file. */
export interface FileRoot {
  /** The path as it was given: V2Ray looks for "tail" in it. */
  readonly file: string;
  readonly root: ObjectNode;
}

/**
 * Merges files as V2Ray does with several -config: an object or a list of several entries takes
 * the place of the earlier one whole. An inbound or outbound that is alone in its file replaces the
 * one of the same tag (untagged ones too), else inbounds are appended and outbounds go to the
 * front, or to the end if the file's path contains "tail".
 */
export function mergeFiles(files: readonly FileRoot[], problems: Problems): ObjectNode {
  const [first, ...others] = files as [FileRoot, ...FileRoot[]];
  return others.reduce((merged, { file, root }) => {
    let result = merged;
    for (const { key, value } of root.members) {
      const earlier = member(result, key);
      if ((key === 'inbounds' || key === 'outbounds') && value.kind === 'array' && earlier?.kind === 'array') {
        result = withMember(result, key, mergeHandlers(key, earlier, value, file, problems));
      } else {
        result = withMember(result, key, value);
      }
    }
    return result;
  }, first.root);
}

function mergeHandlers(
  key: 'inbounds' | 'outbounds',
  earlier: ArrayNode,
  later: ArrayNode,
  file: string,
  problems: Problems,
): ArrayNode {
  const [only, ...rest] = later.items;
  if (only === undefined) return earlier;
  if (earlier.items.length === 0) return later;
  if (rest.length > 0) {
    problems.warning(
      'C_MERGE',
      later.place,
      `these ${key} take the place of all ${earlier.items.length} of the files before`,
      { related: [{ place: earlier.place, message: 'what does not count' }] },
    );
    return later;
  }
  const tag = tagOf(only);
  const same = earlier.items.findIndex((item) => tagOf(item) === tag);
  const replaced = earlier.items[same];
  if (replaced !== undefined) {
    if (tag === '') {
      const noun = key.slice(0, -1);
      problems.warning(
        'C_MERGE',
        only.place,
        `this ${noun} without a tag takes the place of the ${noun} without a tag of the files before`,
        { related: [{ place: replaced.place, message: 'what does not count' }] },
      );
    }
    return { ...earlier, items: earlier.items.map((item, index) => (index === same ? only : item)) };
  }
  const appended = key === 'inbounds' || file.toLowerCase().includes('tail');
  return { ...earlier, items: appended ? [...earlier.items, only] : [only, ...earlier.items] };
}

function tagOf(entry: ConfigNode): string {
  return text(entry, 'tag') ?? '';
}
