/**
 * The command as one file: Node takes most of the time to start for finding and opening modules,
 * of which there are some five hundred.
 */
export default {
  input: new URL('dist/main.js', import.meta.url).pathname,
  platform: 'node',
  resolve: { mainFields: ['module', 'main'] },
  external: [/^node:/],
  output: { file: new URL('bundle/sluice.js', import.meta.url).pathname, format: 'esm', codeSplitting: false },
  logLevel: 'warn',
};
