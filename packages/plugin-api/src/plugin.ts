import type { CommandContribution } from './contributions/command.js';
import type { InboundContribution } from './contributions/inbound.js';
import type { OutboundContribution } from './contributions/outbound.js';
import type { RuleTypeContribution } from './contributions/rule.js';

/** The version of this contract; a plugin states the one it was written for. */
export const API_VERSION = 1;

/** All that a plugin brings. Each name must be free in its registry. */
export interface Plugin {
  /** Lower-case, as the package's name ends: "socks". Groups the plugin's commands. */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: number;
  readonly description: string;
  /** By the name that `"protocol"` uses. */
  readonly inbounds?: Readonly<Record<string, InboundContribution>>;
  readonly outbounds?: Readonly<Record<string, OutboundContribution>>;
  /** By the name that a rule's `"type"` uses. */
  readonly ruleTypes?: Readonly<Record<string, RuleTypeContribution>>;
  readonly commands?: readonly CommandContribution[];
}

/** Checks the shape at compile time and freezes it. */
export function definePlugin(plugin: Omit<Plugin, 'apiVersion'>): Plugin {
  return Object.freeze({ ...plugin, apiVersion: API_VERSION });
}
