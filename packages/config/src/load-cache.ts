import type { AssetContents } from './assets/asset-folders.js';
import { RuleMemory } from './checks/hidden-rules.js';
import type { Problems } from './diagnostics/problems.js';
import type { Format } from './source/format.js';
import type { ConfigNode } from './source/node.js';
import type { Source } from './source/source.js';

/** A text as it was read, with what was wrong with it. */
export interface KeptText {
  readonly source: Source;
  readonly format: Format;
  readonly node: ConfigNode | undefined;
  readonly problems: Problems;
  /** Whether the tree has everything where it stands in the text: no aliases, no key twice. */
  readonly isPlain: boolean;
}

/** Something that was read without a fault. */
export interface KeptValue {
  readonly value: unknown;
}

/**
 * What one loading of a configuration leaves to the next, so that a file of thousands of rules can be loaded at each
 * key press: the rules that did not change since, and data files. For `LoadOptions.cache`; one for each configuration.
 */
export class LoadCache {
  /** What rules were found to ask for. */
  readonly rules = new RuleMemory();
  /** Data files that did not change. */
  readonly assets: AssetContents = new Map();
  /** By file: the texts that did not change. */
  readonly texts = new Map<string, KeptText>();
  #kept = new Map<object, Map<string, KeptValue>>();
  #last = new Map<object, Map<string, KeptValue>>();

  /** Begins a loading: what the last one did not use is forgotten. */
  begin(): void {
    this.#last = this.#kept;
    this.#kept = new Map();
  }

  /** @param owner the contribution whose values these are */
  find(owner: object, written: string): KeptValue | undefined {
    const found = this.#kept.get(owner)?.get(written) ?? this.#last.get(owner)?.get(written);
    if (found !== undefined) this.keep(owner, written, found);
    return found;
  }

  keep(owner: object, written: string, value: KeptValue): void {
    let ofOwner = this.#kept.get(owner);
    if (ofOwner === undefined) this.#kept.set(owner, (ofOwner = new Map<string, KeptValue>()));
    ofOwner.set(written, value);
  }
}

/** A text that is equal for nodes that mean the same: how the node is written, or what it holds. */
export function writtenAs(node: ConfigNode): string {
  const { span } = node.place;
  if (span !== undefined) {
    const text = span.source.text.slice(span.start, span.end);
    // In brackets a text means the same wherever it stands in a file, unless it names an anchor.
    if (text.startsWith('{') && !/[&*]/.test(text)) return `${text}${span.source.file}`;
  }
  return structureOf(node);
}

function structureOf(node: ConfigNode): string {
  switch (node.kind) {
    case 'scalar':
      return `${JSON.stringify(node.value)}=${node.written ?? ''}`;
    case 'array':
      return `[${node.items.map(structureOf).join()}]`;
    case 'object':
      return `(${node.members.map(({ key, value }) => `${JSON.stringify(key)}:${structureOf(value)}`).join()})`;
  }
}
