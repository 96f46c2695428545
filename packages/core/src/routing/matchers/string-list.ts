import { Type, type ProblemReporter, type TSchema } from '@sluice/plugin-api';

/** V2Ray's string list: an array, or one string with commas. */
export type StringList = string | readonly string[];

export interface ListItem {
  readonly text: string;
  /** Leads from the rule object to the item. */
  readonly path: readonly (string | number)[];
}

export function stringListSchema(description: string, examples: readonly unknown[] = []): TSchema {
  return Type.Union([Type.Array(Type.String()), Type.String()], { description, examples: [...examples] });
}

/** The items of a list with the place of each; none for a field that is not set. */
export function listItems(key: string, value: StringList | null | undefined, problems: ProblemReporter): ListItem[] {
  if (value === undefined || value === null) return [];
  const items =
    typeof value === 'string'
      ? value.split(',').map((part) => ({ text: part.trim(), path: [key] }))
      : value.map((text, index) => ({ text, path: [key, index] }));
  if (items.length === 0)
    problems.warning([key], 'an empty list is no condition: the rule matches as if it were not there');
  return items.filter((item) => {
    if (item.text.trim() !== '') return true;
    problems.error(item.path, 'must not be empty');
    return false;
  });
}
