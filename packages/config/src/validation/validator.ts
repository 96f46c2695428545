import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isIPv4, isIPv6 } from 'node:net';
import { vocabulary, type JsonSchema } from '../schema/json-schema.js';

export type { ErrorObject };

/** Pruned schemas differ from file to file, but hardly from one reading of a file to the next. */
const MAX_COMPILED = 64;

/** Draft-07 validation with the keywords of our own and of editors. Compiles equal schemas once. */
export class Validator {
  readonly #ajv = makeAjv();
  readonly #bySchema = new WeakMap<object, ValidateFunction>();
  readonly #byText = new Map<string, ValidateFunction>();

  /**
   * @returns every error, none if the value is valid
   * @throws Error if the schema itself is not one
   */
  errors(schema: JsonSchema, value: unknown): readonly ErrorObject[] {
    const validate = this.#bySchema.get(schema) ?? this.#compile(schema);
    return validate(value) ? [] : [...(validate.errors ?? [])];
  }

  #compile(schema: JsonSchema): ValidateFunction {
    const text = JSON.stringify(schema);
    let validate = this.#byText.get(text);
    if (validate === undefined) {
      validate = this.#ajv.compile(schema);
      // ajv itself would keep every schema for ever.
      this.#ajv.removeSchema(schema);
      const [oldest] = this.#byText.keys();
      if (this.#byText.size >= MAX_COMPILED && oldest !== undefined) this.#byText.delete(oldest);
      this.#byText.set(text, validate);
    }
    this.#bySchema.set(schema, validate);
    return validate;
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
