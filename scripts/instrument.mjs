/**
 * The instrumented second compile of src/engine/kernel (ARCHITECTURE.md, "Stepping into the kernel").
 *
 * An esbuild plugin that answers the import `mmscope:instrumented-kernel`: the same kernel functions, with a call before
 * each statement that tells `src/engine/probe.ts` where execution is and which locals are in scope, and the tables that
 * lead from ids to functions, C types, and lines: of the source, and of the kernel's files printed as C.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { keptInstrumented } from './instrumentCache.mjs';

const NAMESPACE = 'instrumented-kernel';
/** The texts that are shown, apart from the code: what they weigh in a bundle is told apart, too. */
const SOURCES = 'kernel-sources';

/** @returns {import('esbuild').Plugin} */
export function instrumentedKernel(root) {
  const kernelDir = path.join(root, 'src', 'engine', 'kernel');
  const functions = path.join(root, 'src', 'engine', 'entry', 'functions.ts');
  return {
    name: 'instrumented-kernel',
    setup(build) {
      /** @type {Promise<Instrumented> | undefined} */
      let work;
      const instrumented = () => (work ??= keptInstrumented(root, () => instrumentAll(root)));
      build.onStart(() => void (work = undefined));

      build.onResolve({ filter: /^mmscope:(instrumented-kernel|kernel-sources)$/ }, ({ path }) => ({
        path,
        namespace: path.slice('mmscope:'.length),
      }));
      build.onResolve({ filter: /^\./, namespace: NAMESPACE }, (args) => {
        const file = path.join(args.resolveDir, args.path).replace(/\.js$/, '.ts');
        const again = file.startsWith(kernelDir + path.sep) || file === functions;
        return again ? { path: file, namespace: NAMESPACE } : { path: file };
      });
      build.onLoad({ filter: /^mmscope:/, namespace: NAMESPACE }, async () => {
        const { tables } = await instrumented();
        return {
          contents: [
            "import sources from 'mmscope:kernel-sources';",
            "export * as kernel from './functions.js';",
            `export const tables = { ...${JSON.stringify(tables)}, sources };`,
          ].join('\n'),
          loader: 'js',
          resolveDir: path.dirname(functions),
        };
      });
      build.onLoad({ filter: /./, namespace: SOURCES }, async () => ({
        contents: JSON.stringify((await instrumented()).sources),
        loader: 'json',
      }));
      build.onLoad({ filter: /\.ts$/, namespace: NAMESPACE }, async (args) => {
        const { texts } = await instrumented();
        return {
          contents: texts.get(args.path) ?? (await readFile(args.path, 'utf8')),
          loader: 'ts',
          resolveDir: path.dirname(args.path),
        };
      });
    },
  };
}

/**
 * @typedef {{ texts: Map<string, string>, tables: object, sources: object }} Instrumented
 * @returns {Promise<Instrumented>}
 */
async function instrumentAll(root) {
  const { kernelSources } = await import('./kernel/sources.mjs');
  const { printKernel } = await import('./kernel/cFiles.mjs');
  const { CTypes } = await import('./kernel/cTypes.mjs');
  const { insertProbes } = await import('./kernel/probes.mjs');
  const kernel = await kernelSources(root);
  const printed = printKernel(kernel);
  const types = new CTypes(kernel.checker);
  const probe = path.join(root, 'src', 'engine', 'probe.js');
  const tables = {
    functions: [],
    structures: {},
    statementFunction: [],
    statementLine: { c: [], typescript: [] },
  };
  const sources = { c: Object.fromEntries(printed.texts), typescript: {} };
  const texts = new Map();
  for (const { name, parts } of kernel.files)
    for (const part of parts) {
      sources.typescript[part.file] = part.source.text;
      const text = insertProbes({
        types,
        source: part.source,
        file: part.file,
        cFile: name,
        cLineOf: (position) => printed.lineOf(part, position) ?? lost(part, position),
        tables,
      });
      const from = path.relative(path.dirname(part.path), probe).replaceAll(path.sep, '/');
      texts.set(
        part.path,
        `import { enterFunction as $enter, atStatement as $at, leaveFunction as $leave } from '${from}';${text}`,
      );
    }
  return { texts, tables, sources };
}

/** Every statement has a line in C: the printer forgot one. */
function lost(part, position) {
  const { line } = part.source.getLineAndCharacterOfPosition(position);
  throw new Error(`${part.file}:${line + 1} has no line in C`);
}
