/**
 * The command as one file, and one for each part that is loaded only where a configuration asks for it: Node takes
 * most of the time to start for finding and opening modules, of which there are hundreds.
 */
export default {
  input: new URL('dist/main.js', import.meta.url).pathname,
  platform: 'node',
  resolve: { mainFields: ['module', 'main'] },
  external: [/^node:/],
  output: {
    dir: new URL('bundle.new', import.meta.url).pathname,
    entryFileNames: 'sluice.js',
    chunkFileNames: 'part-[hash].js',
    cleanDir: true,
    format: 'esm',
  },
  logLevel: 'warn',
};
