import tseslint from 'typescript-eslint';

const product = ['server/**/*.ts', 'handlers/**/*.ts', 'gateway/**/*.ts'];
/** Tests, and what only they run: suites several engines pass, servers they start. */
const tests = ['**/*.test.ts', '**/*.suite.ts', '**/*-under-test.ts'];

export default tseslint.config(
  { ignores: ['generated/**', '**/node_modules/**', '.cache/**', 'conformance/dredd/**', 'conformance/mutation/**', '.stryker-tmp/**', 'coverage/**', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'No default exports.' }],
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'max-params': ['error', 3],
    },
  },
  {
    files: product,
    ignores: tests,
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error',
        { name: 'fetch', message: 'Only gateway/providers/call.ts talks to upstreams.' },
        { name: 'Date', message: 'Time comes from foundation/clock.ts.' },
        { name: 'performance', message: 'Time comes from foundation/clock.ts.' },
        { name: 'process', message: 'Configuration comes from foundation/config.ts; server/main.ts owns the process.' }],
    },
  },
  {
    // Branding, and what JSON.parse gives, are the two places where a type is asserted rather than shown.
    files: product,
    ignores: [...tests, 'gateway/foundation/**'],
    rules: { '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }] },
  },
  { files: ['gateway/foundation/clock.ts', 'gateway/foundation/config.ts', 'gateway/metering/count-worker.ts', 'server/main.ts'], rules: { 'no-restricted-globals': 'off' } },
  { files: [...tests, 'conformance/**', 'bench/**', 'scripts/**'], rules: { 'max-lines-per-function': 'off', 'max-params': 'off', 'max-lines': ['error', { max: 500 }] } },
  { files: ['*.config.ts', 'redocly*.ts', '**/*.d.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
