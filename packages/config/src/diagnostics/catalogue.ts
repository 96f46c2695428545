/**
 * What can be said of a configuration. Codes are stable: they may be added, never reused.
 */
export const diagnosticCatalogue = {
  C_READ: 'A configuration file could not be read.',
  C_SYNTAX: 'The text is not what its format allows: JSON with comments and trailing commas, YAML or TOML.',
  C_TRAILING: 'Something follows the configuration object; it is not read.',
  C_DUPLICATE_KEY: 'A key stands more than once in an object; the last one counts.',
  C_UNKNOWN_KEY: 'Nothing reads this key.',
  C_TYPE: 'A value is of another type than its key needs.',
  C_VALUE: 'A value is of the right type, but not one that is allowed.',
  C_MISSING: 'A key that must be there is not.',
  C_DEPRECATED: 'A form of older versions. It is understood; the message says what replaced it.',
  C_MERGE: 'A file takes the place of something that an earlier file set.',
  C_UNKNOWN_PROTOCOL: 'No plugin brings an inbound or outbound of this protocol.',
  C_UNKNOWN_RULE_TYPE: 'No plugin brings a routing rule of this type.',
  C_DUPLICATE_TAG: 'Two inbounds or two outbounds have one tag.',
  C_UNKNOWN_OUTBOUND: 'A tag that no outbound has.',
  C_UNKNOWN_INBOUND: 'A tag that no inbound has: the rule never matches by it.',
  C_UNKNOWN_STRATEGY: 'No plugin brings a way of this name to choose among outbounds.',
  C_UNKNOWN_BALANCER: 'A tag that no balancer has.',
  C_EMPTY_SELECTOR: "A balancer's selector that no outbound's tag begins with.",
  C_UNOBSERVED: 'A balancer goes by what probes find, and nothing probes outbounds.',
  C_OUTBOUND_LOOP: 'Outbounds lead through one another in a circle.',
  C_PORT: 'Not a port, nor a range of ports.',
  C_ADDRESS: 'Not an address that can be used here.',
  C_LISTEN_CONFLICT: 'Two inbounds listen on one address and port.',
  C_UNAVAILABLE: 'Understood, but not available in this version.',
  C_IGNORED: 'Understood, but without effect here.',
  C_CHECK: 'A plugin found something wrong with its part of the configuration.',
  C_PLUGIN_LOAD: 'A plugin that the configuration names could not be found or loaded.',
  C_PLUGIN_CLASH: 'Two plugins contribute the same name.',
  C_PLUGIN: 'A plugin itself is at fault: its schema or its check failed.',
} as const;

export type DiagnosticCode = keyof typeof diagnosticCatalogue;
