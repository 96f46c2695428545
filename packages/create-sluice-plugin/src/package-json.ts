import type { Answers, Kind } from './answers.js';

const contributes: Readonly<Record<Kind, readonly string[]>> = {
  protocol: ['inbounds', 'outbounds'],
  transport: ['transports'],
  rule: ['ruleTypes', 'ruleMatchers'],
  service: ['services'],
};

const descriptions: Readonly<Record<Kind, string>> = {
  protocol: 'A protocol for Sluice: server and client.',
  transport: 'A transport for Sluice: both ends.',
  rule: 'A kind of routing rule for Sluice.',
  service: 'A service for Sluice.',
};

/** @param version of the plugin API that it is written against */
export function packageJson({ kind, name, packageName, license }: Answers, version: string): string {
  const api = `^${version}`;
  const manifest = {
    name: packageName,
    version: '0.1.0',
    description: descriptions[kind],
    keywords: ['sluice-plugin'],
    license: license === 'none' ? 'UNLICENSED' : license,
    type: 'module',
    engines: { node: '>=20.19' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist', 'schema.json', 'example.jsonc'],
    sluice: {
      api: '1',
      entry: './dist/index.js',
      schema: './schema.json',
      contributes: Object.fromEntries(contributes[kind].map((each) => [each, [name]])),
    },
    scripts: {
      build: 'tsc -p tsconfig.build.json && node scripts/write-schema.mjs',
      check: 'tsc',
      pretest: 'npm run build',
      test: 'vitest run',
      prepack: 'npm run build',
    },
    peerDependencies: { '@sluice/plugin-api': api },
    devDependencies: {
      '@sluice/plugin-api': api,
      '@sluice/testing': api,
      '@types/node': '^20.19.0',
      'fast-check': '^4.0.0',
      sluice: api,
      typescript: '~6.0',
      vitest: '^4.0.0',
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
