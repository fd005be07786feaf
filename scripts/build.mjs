/**
 * Bundles what runs into dist/ and checks it against its budgets: `npm run build`.
 *
 *     extension.cjs   what the extension needs when it starts                (VS Code's extension host)
 *     mmscope.cjs     the command line and the stand-alone adapter           (plain node)
 *     engine.cjs      what both load: the adapter, the engine                (see shared.mjs)
 *     webview.js/css  the map                                                (a webview)
 */
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { common, root } from './bundle.mjs';
import { fromShared, sharedEntry } from './shared.mjs';

/** Bytes that a part of the output may take. Parts of engine.cjs are told apart by the folder of their source. */
const BUDGETS = [
  { name: 'extension at its start', output: 'extension.cjs', from: /./, bytes: 74e3 },
  { name: 'extension', output: 'engine.cjs', from: /^src\/extension\//, bytes: 40e3 },
  {
    name: 'adapter, scenario, engine',
    output: 'engine.cjs',
    from: /^(src\/(adapter|scenario|engine)\/(?!types\/profiles\/|kernelNames\/linux-)|node_modules\/)/,
    bytes: 2500e3,
  },
  { name: 'reports', output: 'engine.cjs', from: /^src\/report\//, bytes: 280e3 },
  {
    name: 'names of Linux',
    output: 'engine.cjs',
    from: /^src\/scenario\/kernelNames\/linux-/,
    bytes: 300e3,
  },
  {
    name: 'instrumented kernel',
    output: 'engine.cjs',
    from: /^instrumented-kernel:/,
    bytes: 3250e3,
  },
  { name: 'kernel sources', output: 'engine.cjs', from: /^kernel-sources:/, bytes: 3900e3 },
  {
    name: 'kernel profiles',
    output: 'engine.cjs',
    from: /^src\/engine\/types\/profiles\//,
    bytes: 720e3,
  },
  { name: 'webview', output: 'webview.js', from: /./, bytes: 313e3 },
  { name: 'webview styles', output: 'webview.css', from: /./, bytes: 22e3 },
  { name: 'command line', output: 'engine.cjs', from: /^src\/(cli|files)\//, bytes: 172e3 },
  { name: 'all for node', output: 'engine.cjs', from: /./, bytes: 11.2e6 },
];

const node = { ...common, platform: 'node', format: 'cjs', metafile: true };
const browser = { ...common, platform: 'browser', format: 'iife', metafile: true, minify: true };

export async function buildAll() {
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  /** Modules that the extension imports when they are first needed. */
  const keys = new Set();
  const extension = await build({
    ...node,
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.cjs',
    external: ['vscode'],
    minify: true,
    plugins: [fromShared(keys), ...node.plugins],
  });
  const results = await Promise.all([
    extension,
    build({
      ...node,
      stdin: sharedEntry(keys),
      outfile: 'dist/engine.cjs',
      external: ['vscode'],
      minify: true,
    }),
    build({
      ...node,
      entryPoints: ['src/cli/start.ts'],
      outfile: 'dist/mmscope.cjs',
      banner: { js: '#!/usr/bin/env node' },
      minify: true,
    }),
    build({
      ...browser,
      entryPoints: { webview: 'webview/main.ts' },
      outdir: 'dist',
    }),
    build({ ...browser, entryPoints: { webview: 'webview/style.css' }, outdir: 'dist' }),
  ]);
  fs.chmodSync(path.join(root, 'dist', 'mmscope.cjs'), 0o755);
  return Object.assign({}, ...results.map((result) => result.metafile.outputs));
}

/** Prints the table; returns the names of the parts that are over budget. */
export function checkBudgets(outputs) {
  const over = [];
  console.log(`${'part'.padEnd(28)}${'bytes'.padStart(11)}${'budget'.padStart(11)}`);
  for (const { name, output, from, bytes } of BUDGETS) {
    const inputs = Object.entries(outputs[`dist/${output}`]?.inputs ?? {});
    const size = inputs.reduce(
      (sum, [file, part]) => sum + (from.test(file) ? part.bytesInOutput : 0),
      0,
    );
    if (size > bytes) over.push(name);
    const verdict = size > bytes ? '  OVER' : '';
    console.log(
      `${name.padEnd(28)}${String(size).padStart(11)}${String(bytes).padStart(11)}${verdict}`,
    );
  }
  return over;
}

if (process.argv[1] === import.meta.filename) {
  const over = checkBudgets(await buildAll());
  if (over.length > 0) {
    console.error(`over budget: ${over.join(', ')}`);
    process.exit(1);
  }
}
