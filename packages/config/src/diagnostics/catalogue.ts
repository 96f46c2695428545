import type { Severity } from '../model.js';

/** What a code means, and how grave it is. */
export interface CatalogueEntry {
  readonly severity: Severity;
  /** A second severity that it has in some cases. */
  readonly also?: Severity;
  readonly text: string;
}

/**
 * What can be said of a configuration. Codes are stable: they may be added, never reused.
 */
export const diagnosticCatalogue = {
  C_READ: { severity: 'error', text: 'A configuration file could not be read.' },
  C_SYNTAX: {
    severity: 'error',
    text: 'The text is not what its format allows: JSON with comments and trailing commas, YAML or TOML.',
  },
  C_TRAILING: { severity: 'warning', text: 'Something follows the configuration object; it is not read.' },
  C_DUPLICATE_KEY: { severity: 'warning', text: 'A key stands more than once in an object; the last one counts.' },
  C_UNKNOWN_KEY: { severity: 'warning', also: 'error', text: 'Nothing reads this key. In strict mode it is an error.' },
  C_TYPE: { severity: 'error', text: 'A value is of another type than its key needs.' },
  C_VALUE: {
    severity: 'error',
    also: 'warning',
    text: 'A value is of the right type, but not one that is allowed. A warning where V2Ray, too, uses another value instead.',
  },
  C_MISSING: { severity: 'error', text: 'A key that must be there is not.' },
  C_DEPRECATED: {
    severity: 'warning',
    text: 'A form of older versions. It is understood; the message says what replaced it.',
  },
  C_MERGE: { severity: 'warning', text: 'A file takes the place of something that an earlier file set.' },
  C_UNKNOWN_PROTOCOL: { severity: 'error', text: 'No plugin brings an inbound or outbound of this protocol.' },
  C_UNKNOWN_RULE_TYPE: { severity: 'error', text: 'No plugin brings a routing rule of this type.' },
  C_DUPLICATE_TAG: { severity: 'error', text: 'Two inbounds or two outbounds have one tag.' },
  C_UNKNOWN_OUTBOUND: { severity: 'error', text: 'A tag that no outbound has.' },
  C_UNKNOWN_INBOUND: { severity: 'warning', text: 'A tag that no inbound has: the rule never matches by it.' },
  C_UNKNOWN_STRATEGY: { severity: 'error', text: 'No plugin brings a way of this name to choose among outbounds.' },
  C_UNKNOWN_BALANCER: { severity: 'error', text: 'A tag that no balancer has.' },
  C_EMPTY_SELECTOR: { severity: 'warning', text: "A balancer's selector that no outbound's tag begins with." },
  C_UNOBSERVED: { severity: 'warning', text: 'A balancer goes by what probes find, and nothing probes outbounds.' },
  C_HIDDEN_RULE: {
    severity: 'warning',
    also: 'info',
    text: 'A rule that no connection reaches: an earlier one takes all that it would match. A hint where both lead to the same place.',
  },
  C_UNUSED_OUTBOUND: {
    severity: 'info',
    text: 'An outbound to which nothing leads: no rule, no balancer, no other outbound, and it is not the first one.',
  },
  C_UNUSED_BALANCER: { severity: 'info', text: 'A balancer to which no rule leads.' },
  C_OUTBOUND_LOOP: { severity: 'error', text: 'Outbounds lead through one another in a circle.' },
  C_PORT: { severity: 'error', text: 'Not a port, nor a range of ports.' },
  C_ADDRESS: { severity: 'error', text: 'Not an address that can be used here.' },
  C_LISTEN_CONFLICT: { severity: 'error', text: 'Two inbounds listen on one address and port.' },
  C_DUPLICATE_USER: {
    severity: 'error',
    also: 'warning',
    text: 'A user stands twice in one inbound: with a secret that cannot tell the two apart, or, as a warning, with one name.',
  },
  C_CERTIFICATE: {
    severity: 'error',
    also: 'warning',
    text: 'A certificate that is not one, or that does not belong to its key; as a warning, one that cannot be read here.',
  },
  C_UNAVAILABLE: { severity: 'error', text: 'Understood, but not available in this version.' },
  C_IGNORED: { severity: 'warning', text: 'Understood, but without effect here.' },
  C_CHECK: {
    severity: 'error',
    also: 'warning',
    text: 'A plugin found something wrong with its part of the configuration.',
  },
  C_PLUGIN_LOAD: { severity: 'error', text: 'A plugin that the configuration names could not be found or loaded.' },
  C_PLUGIN_CLASH: { severity: 'error', text: 'Two plugins contribute the same name.' },
  C_PLUGIN: { severity: 'error', text: 'A plugin itself is at fault: its schema or its check failed.' },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;

export type DiagnosticCode = keyof typeof diagnosticCatalogue;
