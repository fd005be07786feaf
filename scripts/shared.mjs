/**
 * The bundle that the extension and the command line share, dist/engine.cjs: what the extension imports when it is first needed, and
 * the command line. Each module in it is loaded by its key, and what it alone needs with it.
 *
 *     extension.cjs   await import('../../adapter/index.js')   ->   require('./engine.cjs')['src/adapter/index.ts']()
 *     mmscope.cjs     the same for 'src/cli/main.ts', from compiled code that is kept (src/cli/codeCache.ts)
 */
import path from 'node:path';
import { root } from './bundle.mjs';

const SHARED = './engine.cjs';
const COMMAND_LINE = 'src/cli/main.ts';

/**
 * Leaves dynamic imports of a bundle to the shared one.
 *
 * @param {Set<string>} keys gets the modules that are imported so
 * @returns {import('esbuild').Plugin}
 */
export const fromShared = (keys) => ({
  name: 'from-shared',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path: wanted, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const file = path.join(resolveDir, wanted).replace(/\.js$/, '.ts');
      const key = path.relative(root, file).replaceAll(path.sep, '/');
      keys.add(key);
      return { path: key, namespace: 'shared' };
    });
    build.onResolve({ filter: /^\.\/engine\.cjs$/, namespace: 'shared' }, ({ path: file }) => ({
      path: file,
      external: true,
    }));
    build.onLoad({ filter: /./, namespace: 'shared' }, ({ path: key }) => ({
      contents: `module.exports = require('${SHARED}')[${JSON.stringify(key)}]();`,
      loader: 'js',
    }));
  },
});

/** The shared bundle's own text. */
export const sharedEntry = (keys) => ({
  contents: [...keys, COMMAND_LINE]
    .sort()
    .map((key) => `exports[${JSON.stringify(key)}] = () => require('./${key}');`)
    .join('\n'),
  resolveDir: root,
  sourcefile: 'engine.js',
  loader: 'js',
});
