import { EvaluationError } from './evaluation-error.js';
import { checkWeight, display, TupleValue, typeName, type Value } from './values.js';

/** "%s" and the like, filled in with the items of a tuple or with one value. @throws EvaluationError */
export function formatted(format: string, value: Value): string {
  const values = value instanceof TupleValue ? value.items : [value];
  let next = 0;
  let weight = 0;
  const text = format.replace(/%(.?)/gs, (_, kind: string) => {
    if (kind === '%') return '%';
    const item = values[next++];
    if (item === undefined) throw new EvaluationError('there are too few values for the format');
    const shown = converted(kind, item);
    checkWeight((weight += shown.length));
    return shown;
  });
  if (next < values.length) throw new EvaluationError('there are too many values for the format');
  return text;
}

function converted(kind: string, value: Value): string {
  if (kind === 's') return display(value);
  if (kind === 'r') return display(value, true);
  if (typeof value !== 'number') throw new EvaluationError(`a ${typeName(value)} is no number to format`);
  switch (kind) {
    case 'd':
      return String(value);
    case 'x':
      return value.toString(16);
    case 'X':
      return value.toString(16).toUpperCase();
    case 'o':
      return value.toString(8);
    default:
      throw new EvaluationError('the format is not known');
  }
}
