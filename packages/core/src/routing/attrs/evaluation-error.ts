/** Why an expression has no value for a request: a missing key, a wrong type, or too much work. */
export class EvaluationError extends Error {}
