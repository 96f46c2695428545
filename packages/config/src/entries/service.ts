import { member, type ConfigNode, type ObjectNode } from '../source/node.js';
import type { EntryContext } from './context.js';
import { readContributed } from './contributed.js';

/** A service as far as it could be read, with the tags that are its own. */
export interface ServiceEntry {
  readonly key: string;
  readonly node: ConfigNode;
  readonly settings: unknown;
  /** Tags under which rules lead connections to it. */
  readonly outboundTags: readonly string[];
  /** Tags that connections of its own have. */
  readonly inboundTags: readonly string[];
  /** Whether it probes outbounds. */
  readonly reportsHealth: boolean;
}

/** The services whose keys stand at the top of the configuration, in the order in which plugins bring them. */
export function readServices(root: ObjectNode, context: EntryContext): ServiceEntry[] {
  const found: ServiceEntry[] = [];
  for (const named of context.contributions.services.values()) {
    const { name, plugin, contribution } = named;
    const node = member(root, name);
    if (node === undefined) continue;
    const contributed = readContributed(node, named, context);
    if (contributed === undefined) continue;
    const { value } = contributed;
    try {
      const outboundTags = contribution.outboundTags?.(value) ?? [];
      const inboundTags = contribution.inboundTags?.(value) ?? [];
      found.push({
        key: name,
        node,
        settings: value,
        outboundTags,
        inboundTags,
        reportsHealth: contribution.reportsHealth === true,
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      context.problems.error('C_PLUGIN', node.place, `the plugin "${plugin}" does not say what its tags are: ${why}`);
    }
  }
  return found;
}
