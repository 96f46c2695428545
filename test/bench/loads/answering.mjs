/**
 * What every load process shares: it does what its parent asks over IPC, and ends with it.
 * @param {Record<string, (options: any) => unknown>} operations
 */
export function answerParent(operations) {
  process.on('message', async (/** @type {{id: number, operation: string, options: unknown}} */ request) => {
    const { id, operation, options } = request;
    try {
      const run = operations[operation];
      if (run === undefined) throw new Error(`this load knows no "${operation}"`);
      process.send?.({ id, result: await run(options) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.once('disconnect', () => process.exit());
  // Ctrl-C reaches the whole process group; the parent ends its loads itself, in order.
  process.on('SIGINT', () => {});
}

/**
 * A reading of a counter, with the moment it was read (ms) by the same process, so that a rate
 * between two marks owes nothing to the time that messages take.
 * @param {number} count
 */
export function markOf(count) {
  return { count, at: performance.now() };
}
