/**
 * Standard output may be a pipe whose reader has gone, or a full disk. That must not end a running core, nor
 * show a stack trace. What a command could not print is a failure of it; that nobody wanted more is not.
 */
export function surviveOutputErrors(): void {
  let reported = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || reported) return;
    reported = true;
    process.exitCode = 1;
    process.stderr.write(`sluice: standard output cannot be written: ${error.code ?? error.message}\n`);
  });
  process.stderr.on('error', () => {
    // There is nobody left to tell.
  });
}
