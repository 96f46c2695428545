/** Everything that is made from the sources and checked in: the shipped schema and the reference pages. */
import { configPages } from './config-pages.mjs';
import { diagnosticsPage } from './diagnostics-page.mjs';

/** Folders of which every file is made. */
export const generatedFolders = ['docs/config', 'packages/cli/schema'];

/**
 * @param config @sluice/config
 * @param plugins that ship
 * @param version of the workspace
 * @returns texts by paths from the root
 */
export async function generatedFiles({ config, plugins, version }) {
  const schema = config.composeSchema({ plugins, id: `urn:sluice:schema:${version}` });
  const pages = [...configPages(schema, config.exampleOf)].map(([name, text]) => [`docs/config/${name}`, text]);
  return new Map([
    ['packages/cli/schema/sluice.schema.json', `${JSON.stringify(schema, null, 1)}\n`],
    ['docs/diagnostics.md', await diagnosticsPage(config, plugins)],
    ...pages,
  ]);
}
