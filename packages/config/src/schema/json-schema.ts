/** A draft-07 JSON Schema, as far as this package looks into one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly if?: JsonSchema;
  readonly then?: JsonSchema;
  readonly else?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly enumDescriptions?: readonly string[];
  readonly deprecated?: boolean;
  readonly deprecationMessage?: string;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  /** What a number counts: "seconds", "bytes", "connections". */
  readonly unit?: string;
  /** The value is never shown. */
  readonly secret?: boolean;
  /** Other spellings of the values of an enum, by spelling. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What an unknown value of an enum means to V2Ray, which does not report one. */
  readonly fallback?: string;
  /** What a `pattern` asks for, in words. */
  readonly patternErrorMessage?: string;
}

/** Keywords beside draft-07's that schemas may use: ours, and those that editors know. */
export const vocabulary = [
  'secret',
  'unit',
  'x-secret',
  'x-unit',
  'aliases',
  'fallback',
  'patternErrorMessage',
  'errorMessage',
  'markdownDescription',
  'enumDescriptions',
  'markdownEnumDescriptions',
  'deprecationMessage',
  'defaultSnippets',
  'doNotSuggest',
  'suggestSortText',
] as const;
