import type { ErrorObject } from './validator.js';

/**
 * Of what ajv reports, the one error at each place that helps: of a union whose branches all fail,
 * those of the one branch that the value was meant for, or the union's own.
 */
export function reduceErrors(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const real = errors.filter(({ keyword }) => keyword !== 'if' && keyword !== 'propertyNames' && keyword !== 'allOf');
  return onePerPlace(collapseUnions(real));
}

function collapseUnions(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const union = outermostUnion(errors);
  if (union === undefined) return errors;
  const inside = errors.filter((error) => error !== union && isInside(error, union));
  const outside = errors.filter((error) => error !== union && !isInside(error, union));
  const branches = new Map<string, ErrorObject[]>();
  for (const error of inside) {
    const branch = error.schemaPath.slice(union.schemaPath.length + 1).split('/')[0] as string;
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  const meant = [...branches.values()].filter((own) => !own.some((error) => rulesOut(error, union)));
  const kept = meant.length === 1 ? collapseUnions(meant[0] as ErrorObject[]) : [union];
  return [...collapseUnions(outside), ...kept];
}

function outermostUnion(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  return unions.sort(
    (a, b) => a.instancePath.length - b.instancePath.length || a.schemaPath.length - b.schemaPath.length,
  )[0];
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${union.schemaPath}/`) && isAtOrBelow(error.instancePath, union.instancePath);
}

function isAtOrBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

/** Whether the error says that the branch was not meant: another type, or another kind of object. */
function rulesOut(error: ErrorObject, union: ErrorObject): boolean {
  if (error.keyword === 'type') return error.instancePath === union.instancePath;
  const depth = error.instancePath.slice(union.instancePath.length).split('/').length - 1;
  return (error.keyword === 'const' || error.keyword === 'enum') && depth <= 1;
}

const ranks: Readonly<Record<string, number>> = { type: 0, const: 1, enum: 1 };

function onePerPlace(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const places = new Map<string, ErrorObject>();
  for (const error of errors) {
    const missing =
      error.keyword === 'required' ? `/${(error.params as { missingProperty: string }).missingProperty}` : '';
    const name = error.propertyName === undefined ? '' : `/${error.propertyName}`;
    const place = `${error.instancePath}${missing}${name}`;
    const known = places.get(place);
    if (known === undefined || rank(error) < rank(known)) places.set(place, error);
  }
  return [...places.values()];
}

function rank({ keyword }: ErrorObject): number {
  return ranks[keyword] ?? 2;
}
