import tseslint from 'typescript-eslint';

const noMathRandom = { object: 'Math', property: 'random', message: 'Take an Rng as an argument.' };
const noDateNow = {
  object: 'Date',
  property: 'now',
  message: 'Algorithms see no clock; hosts and entries do.',
};

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'src/language/generated/',
      '.cache/',
      'test/bench/peers/',
      '**/*.cjs',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/strict-boolean-expressions': ['error', { allowString: false, allowNumber: false }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-properties': ['error', noMathRandom, noDateNow],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'Use a module.' },
        { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' },
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-console': 'error',
      eqeqeq: 'error',
      complexity: ['error', { max: 12, variant: 'modified' }],
      'max-params': ['error', 5],
      'max-depth': ['error', 3],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'hack'] }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // Numeric code and planners: indices are in range by construction (rule 11).
    files: [
      'src/base/**',
      'src/graph/**',
      'src/space/**',
      'src/drawing/**',
      'src/engine/**',
      'src/protocol/folds/**',
      'test/**',
    ],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // Entries and hosts read the clock; the command line prints.
    files: ['src/cli/**', 'src/client/**', 'src/engine/main.ts', 'src/engine/runs/**', 'test/**'],
    rules: { 'no-restricted-properties': ['error', noMathRandom] },
  },
  {
    files: ['test/**'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
