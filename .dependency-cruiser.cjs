/**
 * Imports run one way: plugins → plugin-api → net; core → plugin-api, config; config → plugin-api; cli → everything.
 * What a package does not list below, it does not import.
 */
const allowed = {
  'packages/net': [],
  'packages/plugin-api': ['packages/net'],
  'packages/config': ['packages/plugin-api'],
  'packages/core': ['packages/plugin-api', 'packages/config'],
  'packages/language-server': ['packages/plugin-api', 'packages/config'],
  'packages/testing': ['packages/plugin-api', 'packages/net'],
  'packages/create-sluice-plugin': [],
  'packages/vscode': [],
  'packages/cli': ['packages/(net|plugin-api|config|core|language-server)', 'plugins/[^/]+'],
};

const testFile = '[.](test|fixture)[.]ts$';

const packageRules = Object.entries(allowed).map(([from, to]) => ({
  name: `${from.split('/')[1]}-imports-only`,
  comment: to.length === 0 ? 'It imports nothing of ours.' : `Of ours it imports only ${to.join(', ')}.`,
  severity: 'error',
  from: { path: `^${from}/`, pathNot: testFile },
  to: { path: '^(packages|plugins|test|scripts)/', pathNot: [from, ...to].map((path) => `^${path}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...packageRules,
    {
      name: 'plugin-imports-only',
      comment: 'A plugin imports @sluice/plugin-api and nothing else of ours, like any plugin from npm.',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/', pathNot: testFile },
      to: { path: '^(packages|plugins|test|scripts)/', pathNot: ['^plugins/$1/', '^packages/plugin-api/'] },
    },
    {
      name: 'plugin-tests-import-only',
      comment: 'The tests of a plugin import @sluice/plugin-api and @sluice/testing, as those of a plugin from npm.',
      severity: 'error',
      from: { path: `^plugins/([^/]+)/.*${testFile}` },
      to: {
        path: '^(packages|plugins|test|scripts)/',
        pathNot: ['^plugins/$1/', '^packages/(plugin-api|testing)/'],
      },
    },
    {
      name: 'example-imports-only',
      comment: 'An example of a plugin is one from elsewhere.',
      severity: 'error',
      from: { path: '^docs/examples/([^/]+)/' },
      to: {
        path: '^(docs|packages|plugins|test|scripts)/',
        pathNot: ['^docs/examples/$1/', '^packages/plugin-api/', '^packages/testing/'],
      },
    },
    {
      name: 'package-tests-import-only',
      comment: 'What needs a plugin, or several packages, is tested in test/.',
      severity: 'error',
      from: { path: `^packages/([^/]+)/.*${testFile}`, pathNot: '^packages/cli/' },
      to: {
        path: '^(packages|plugins|test|scripts)/',
        pathNot: ['^packages/$1/', '^packages/(net|plugin-api|config|testing)/'],
      },
    },
    {
      name: 'no-deep-imports',
      comment: 'Import a package by its name: what its index does not export is its own affair.',
      severity: 'error',
      from: { path: '^(docs/examples|packages|plugins)/([^/]+)/' },
      to: { path: '^(packages|plugins)/[^/]+/', pathNot: ['^$1/$2/', '^(packages|plugins)/[^/]+/src/index[.]ts$'] },
    },
    {
      name: 'no-deep-imports-from-tests',
      comment: 'Import a package by its name: what its index does not export is its own affair.',
      severity: 'error',
      // What measures the pieces of a plugin by themselves has to reach them.
      from: { path: '^(test|scripts)/', pathNot: '^test/bench/loads/pieces[.]mjs$' },
      // A command exports nothing; which plugins ship with it has to be asked all the same.
      to: {
        path: '^(packages|plugins)/[^/]+/',
        pathNot: '^((packages|plugins)/[^/]+/src/index|packages/cli/src/config-files)[.]ts$',
      },
    },
    {
      name: 'no-tests-from-source',
      comment: 'Source never imports what only tests need.',
      severity: 'error',
      from: { path: '^(packages|plugins)/', pathNot: testFile },
      to: { path: testFile },
    },
    {
      name: 'no-cycles',
      comment: 'Move what both need into a third file. Types alone may refer to each other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-undeclared-dependencies',
      comment: "Declare it in the package's own package.json.",
      severity: 'error',
      from: { path: '^(packages|plugins)/', pathNot: testFile },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    {
      name: 'no-dev-dependencies-in-source',
      comment:
        'Whoever installs the package does not get its devDependencies. The command and the extension are bundled with all they need.',
      severity: 'error',
      from: { path: '^(packages|plugins)/', pathNot: [testFile, '^packages/(cli|vscode)/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'There is no such module.',
      severity: 'error',
      from: {},
      // What an example's own build makes is there only after it.
      to: { couldNotResolve: true, pathNot: '^[.][.]/dist/index[.]js$' },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    // Files of other projects.
    exclude: { path: '^packages/create-sluice-plugin/templates/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    // To the sources: what is resolved to a build would escape the rules above.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['sluice:source', 'import', 'node', 'default'],
      mainFields: ['module', 'main'],
    },
  },
};
