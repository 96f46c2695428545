import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', '**/*.fixture.ts', 'test/**'];

export default tseslint.config(
  {
    ignores: [
      ...['**/node_modules/', '**/dist/', '**/bundle/', '**/bundle.new/', 'coverage/', '.sluice/'],
      // Names are put into these first.
      'packages/create-sluice-plugin/templates/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers in messages are what messages are for.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `return fail(…)` from a function that returns nothing, and `() => fail(…)`, read as they should.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // A method that the contract makes asynchronous may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // The type checker does not see what another event has changed meanwhile, nor what a stranger really sent.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Indices into typed arrays that are in range by construction; `?? 0` on the hot path would hide a mistake.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What was thrown by others is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      // "May return something, need not": a contract that spares those who have nothing to say a return.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Types here are structural on purpose: a stub is as good as an instance.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Parsers of what strangers send look for control characters.
      'no-control-regex': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts', 'plugins/*/src/**/*.ts'],
    ignores: [...tests, 'packages/testing/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ThrowStatement > NewExpression[callee.name="Error"]',
          message: 'Throw a SluiceError (from @sluice/net or @sluice/plugin-api): every error has a stable code.',
        },
        {
          selector: 'CallExpression[callee.property.name="export"] Property[key.name="format"][value.value="jwk"]',
          message: 'Node 20 can wait for ever for its own lock here: have keys encoded while they are made.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.fixture.ts', 'test/**/*.ts'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['Buffer', 'URL', 'console', 'performance', 'process', 'setTimeout', 'setInterval', 'setImmediate']
          .concat([
            'clearTimeout',
            'clearInterval',
            'AbortController',
            'AbortSignal',
            'TextDecoder',
            'TextEncoder',
            'fetch',
          ])
          .map((name) => [name, 'readonly']),
      ),
    },
    rules: { eqeqeq: 'error', 'prefer-const': 'error', 'no-unused-vars': 'error' },
  },
);
