#!/usr/bin/env node
/**
 * `npm run package`: makes sluice-<version>.vsix, which VS Code installs. A .vsix is a zip in the Open Packaging
 * Conventions' layout: its content types, a manifest for the marketplace, and the extension in a folder.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { rolldown } from 'rolldown';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(folder, '../cli');
const workspace = join(folder, '../..');
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const target = argv[2] ?? join(folder, `sluice-${manifest.version}.vsix`);

const types = {
  '.js': 'application/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.txt': 'text/plain',
  '.vsixmanifest': 'text/xml',
};

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function contentTypes() {
  const defaults = Object.entries(types).map(
    ([ending, type]) => `<Default Extension="${ending}" ContentType="${type}"/>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${defaults.join('')}</Types>
`;
}

function vsixManifest() {
  const { name, version, publisher, displayName, description, categories, keywords, engines } = manifest;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}"/>
    <DisplayName>${escaped(displayName)}</DisplayName>
    <Description xml:space="preserve">${escaped(description)}</Description>
    <Tags>${keywords.map(escaped).join(',')}</Tags>
    <Categories>${categories.map(escaped).join(',')}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${engines.vscode}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionDependencies" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionPack" Value=""/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
      <Property Id="Microsoft.VisualStudio.Services.GitHubFlavoredMarkdown" Value="true"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/readme.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
  </Assets>
</PackageManifest>
`;
}

async function bundled() {
  const bundle = await rolldown({
    input: join(folder, 'src/extension.ts'),
    platform: 'node',
    external: ['vscode'],
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({ format: 'cjs', codeSplitting: false, minify: true });
  await bundle.close();
  return output[0].code;
}

const files = {
  '[Content_Types].xml': contentTypes(),
  'extension.vsixmanifest': vsixManifest(),
};
const add = (path, content) => (files[`extension/${path}`] = content);
// What builds it is of no use to who installs it.
const forMaking = ['scripts', 'devDependencies', 'private'];
const installed = Object.fromEntries(Object.entries(manifest).filter(([key]) => !forMaking.includes(key)));
add('package.json', `${JSON.stringify({ ...installed, type: 'commonjs' }, undefined, 2)}\n`);
add('readme.md', readFileSync(join(folder, 'README.md')));
add('LICENSE.txt', readFileSync(join(workspace, 'LICENSE')));
add('bundle/extension.js', await bundled());
add('schema/sluice.schema.json', readFileSync(join(command, 'schema/sluice.schema.json')));
for (const name of readdirSync(join(folder, 'syntaxes')))
  add(`syntaxes/${name}`, readFileSync(join(folder, 'syntaxes', name)));
// The command as it is installed from npm: its parts are modules.
add('server/package.json', '{ "type": "module" }\n');
let parts;
try {
  parts = readdirSync(join(command, 'bundle'));
} catch {
  console.error('there is no sluice to put into it: run `npm run build` at the top first');
  exit(1);
}
for (const name of parts) add(`server/${name}`, readFileSync(join(command, 'bundle', name)));

const unknown = Object.keys(files).filter((path) => !(extname(path) in types) && path !== '[Content_Types].xml');
if (unknown.length > 0) {
  console.error(`no content type is known for ${unknown.join(', ')}`);
  exit(1);
}
const encoder = new TextEncoder();
const entries = Object.fromEntries(
  Object.entries(files).map(([path, content]) => [
    path,
    typeof content === 'string' ? encoder.encode(content) : content,
  ]),
);
mkdirSync(dirname(target), { recursive: true });
rmSync(target, { force: true });
// The same bytes from the same sources.
writeFileSync(target, zipSync(entries, { level: 9, mtime: new Date(1980, 0, 2) }));
console.log(target);
