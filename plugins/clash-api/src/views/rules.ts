import type { Control, RuleView } from '@sluice/plugin-api';
import type { ProxyTable } from './proxy-table.js';

export interface ShownRule {
  readonly type: string;
  readonly payload: string;
}

/** A rule as dashboards list it. */
export interface RuleListItem extends ShownRule {
  readonly index: number;
  readonly proxy: string;
  readonly size: number;
}

/** The fields of a rule by the names that Clash has for them, in lower case as keys are compared. */
const FIELD_TYPES: Readonly<Record<string, string>> = {
  attrs: 'Attrs',
  domain: 'Domain',
  domains: 'Domain',
  inboundtag: 'InName',
  ip: 'IPCIDR',
  network: 'Network',
  port: 'DstPort',
  protocol: 'Protocol',
  source: 'SrcIPCIDR',
  sourceport: 'SrcPort',
  user: 'InUser',
};

/** A list of domains can have a hundred thousand values; nobody reads them all. */
const MAX_VALUES = 20;
const MAX_CHARACTERS = 1000;

/** What is taken where no rule matches, as Clash's last rule. */
export const FINAL_RULE: ShownRule = { type: 'Match', payload: '' };

function values(value: unknown): string {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const shown = list
    .slice(0, MAX_VALUES)
    .map((item) => (typeof item === 'string' || typeof item === 'number' ? String(item) : JSON.stringify(item)))
    .join(',');
  const text = list.length > MAX_VALUES ? `${shown},… (${list.length})` : shown;
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

/** One field is shown as a rule of Clash's, several as its AND. */
export function showRule(rule: RuleView): ShownRule {
  const fields = typeof rule.fields === 'object' && rule.fields !== null ? Object.entries(rule.fields) : [];
  const parts = fields
    .map(([key, value]) => ({ key: key.toLowerCase(), value: value as unknown }))
    .filter(({ key, value }) => value !== undefined && !['type', 'outboundtag', 'balancertag'].includes(key))
    .map(({ key, value }) => ({
      type: Object.hasOwn(FIELD_TYPES, key) ? (FIELD_TYPES[key] ?? key) : key,
      payload: values(value),
    }));
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  if (parts.length === 0) return { type: rule.type, payload: '' };
  return { type: 'AND', payload: `(${parts.map(({ type, payload }) => `(${type},${payload})`).join(' && ')})` };
}

export function listRules(control: Control, table: ProxyTable): RuleListItem[] {
  const rules = control.rules().map((rule, index) => ({
    index,
    ...showRule(rule),
    proxy:
      rule.outboundTag !== undefined
        ? table.outboundName(rule.outboundTag)
        : table.balancerName(rule.balancerTag ?? ''),
    size: -1,
  }));
  const [first] = control.outbounds();
  if (first === undefined) return rules;
  return [...rules, { index: rules.length, ...FINAL_RULE, proxy: table.outboundName(first.tag), size: -1 }];
}
