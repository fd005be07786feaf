import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Rooms may import only downward. */
const layer = (files, forbidden) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: forbidden, message: 'Dependencies point downward only (ARCHITECTURE.md).' },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['build/', 'dist/', 'node_modules/', 'src/engine/types/profiles/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
      '@typescript-eslint/prefer-literal-enum-member': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union or a const table.' },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'No namespaces.' },
      ],
    },
  },
  {
    files: ['src/engine/**', 'src/report/**', 'src/scenario/**', 'src/adapter/**'],
    rules: { 'no-console': 'error', 'no-restricted-globals': ['error', 'Date', 'performance'] },
  },
  layer(
    ['src/engine/**'],
    [
      'node:*',
      'vscode',
      '@vscode/*',
      '**/files/**',
      '**/scenario/**',
      '**/adapter/**',
      '**/cli/**',
      '**/extension/**',
    ],
  ),
  layer(
    ['src/scenario/**'],
    [
      'node:*',
      'vscode',
      '@vscode/*',
      '**/files/**',
      '**/adapter/**',
      '**/cli/**',
      '**/extension/**',
    ],
  ),
  layer(
    ['src/report/**'],
    [
      'node:*',
      'vscode',
      '@vscode/*',
      '**/engine/**',
      '**/files/**',
      '**/scenario/**',
      '**/adapter/**',
      '**/cli/**',
      '**/extension/**',
    ],
  ),
  layer(
    ['src/files/**'],
    ['vscode', '**/scenario/**', '**/adapter/**', '**/cli/**', '**/extension/**'],
  ),
  layer(['src/adapter/**'], ['vscode', '**/cli/**', '**/extension/**']),
  layer(['src/cli/**'], ['vscode', '**/extension/**']),
  layer(['src/extension/**'], ['**/cli/**']),
  {
    files: ['kernel', 'machine', 'memory', 'proc'].map((room) => `src/engine/${room}/**`),
    // The hot path indexes typed arrays, always in range; a check there costs time and can never fail.
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
);
