/** Makes docs/diagnostics.md from the catalogue and what the loader says of an example of each code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnosticExamples } from './diagnostic-examples.mjs';

const INTRO = `# Diagnostics

<!-- Made from the catalogue by \`npm run generate\`: change it in packages/config/src/diagnostics/catalogue.ts. -->

What \`sluice check\`, \`sluice run\` and editors can say of a configuration. Each diagnostic has a code that stays the same, a severity, its place, and where they help what was found, what was expected, and what may have been meant. Nothing starts with an error in the configuration; with warnings and hints it does. \`--strict\` makes unknown keys errors. Codes that begin with \`E_\` come from a running core: see [errors.md](errors.md).`;

/**
 * @param config @sluice/config
 * @param plugins that ship
 * @throws RangeError if a code has no example, or its example not the code
 */
export async function diagnosticsPage(config, plugins) {
  const parts = [INTRO];
  const missing = Object.keys(config.diagnosticCatalogue).filter((code) => diagnosticExamples[code] === undefined);
  if (missing.length > 0) throw new RangeError(`no example in diagnostic-examples.mjs of ${missing.join(', ')}`);
  for (const [code, { severity, also, text }] of Object.entries(config.diagnosticCatalogue)) {
    const example = diagnosticExamples[code];
    const files = typeof example === 'string' ? { 'config.json': example } : example;
    const said = await saidOf(code, files, config, plugins);
    const shown = Object.entries(files).filter(([, content]) => content !== undefined);
    parts.push(
      `## ${code}`,
      `${also === undefined ? `*${severity}*` : `*${severity}*, in some cases *${also}*`}: ${text}`,
      ...shown.flatMap(([name, content]) => [
        ...(shown.length > 1 ? [`\`${name}\`:`] : []),
        `\`\`\`${name.endsWith('.js') ? 'js' : 'json'}\n${content}\n\`\`\``,
      ]),
      `\`\`\`text\n${said}\n\`\`\``,
    );
  }
  return `${parts.join('\n\n')}\n`;
}

async function saidOf(code, files, { loadFiles, formatDiagnostic }, plugins) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-diagnostics-'));
  try {
    for (const [name, content] of Object.entries(files))
      if (content !== undefined) await writeFile(join(folder, name), content);
    const paths = Object.keys(files)
      .filter((name) => !name.endsWith('.js'))
      .map((name) => join(folder, name));
    // A module beside the configuration is one of its own.
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const { diagnostics, sources } = await loadFiles(paths, { plugins, env: {} });
    const found = diagnostics.find((one) => one.code === code);
    if (found === undefined)
      throw new RangeError(`the example of ${code} has ${diagnostics.map((one) => one.code).join(', ') || 'nothing'}`);
    return formatDiagnostic(found, sources.get(found.range?.file)).replaceAll(join(folder, '/'), '');
  } finally {
    await rm(folder, { recursive: true });
  }
}
