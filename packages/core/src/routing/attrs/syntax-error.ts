/** An expression that cannot be read. */
export class AttrsSyntaxError extends Error {
  /** @param at the place in the expression, from 0 */
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}
