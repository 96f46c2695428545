import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isIPv4, isIPv6 } from 'node:net';
import { vocabulary, type JsonSchema } from '../schema/json-schema.js';

export type { ErrorObject };

/** Draft-07 validation with the keywords of our own and of editors. Compiles each schema once. */
export class Validator {
  readonly #ajv = makeAjv();
  readonly #compiled = new WeakMap<object, ValidateFunction>();

  /**
   * @returns every error, none if the value is valid
   * @throws Error if the schema itself is not one
   */
  errors(schema: JsonSchema, value: unknown): readonly ErrorObject[] {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = this.#ajv.compile(schema);
      this.#compiled.set(schema, validate);
    }
    return validate(value) ? [] : [...(validate.errors ?? [])];
  }
}

/** Strict about keywords, since a misspelled one would not validate; lenient where TypeBox is loose. */
function makeAjv(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allowUnionTypes: true,
    addUsedSchema: false,
    validateSchema: false,
    logger: false,
    formats: { ipv4: isIPv4, ipv6: isIPv6 },
  });
  ajv.addVocabulary([...vocabulary]);
  return ajv;
}
