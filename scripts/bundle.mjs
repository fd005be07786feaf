/** What all bundles for node have in common; used by the test and run scripts and by the build. */
import { build } from 'esbuild';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { instrumentedKernel } from './instrument.mjs';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** @type {import('esbuild').BuildOptions} */
export const common = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: 'linked',
  logLevel: 'warning',
  target: 'es2022',
  legalComments: 'none',
  plugins: [instrumentedKernel(root)],
};

/** Bundles each entry into build/run/ as an ES module (packages stay outside); returns the outputs' paths. */
export async function bundleForNode(entries) {
  const outputs = [];
  for (const entry of entries) {
    const relative = path.relative(root, path.resolve(entry));
    const outfile = path.join(root, 'build', 'run', relative.replace(/\.ts$/, '.mjs'));
    await build({
      ...common,
      entryPoints: [relative],
      outfile,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    outputs.push(outfile);
  }
  return outputs;
}

/**
 * Bundles a module for hosts without node (a browser, VS Code for the Web) into build/run/ as a script that leaves its
 * exports in the global `bundled`; what its packages need of node is aliased. Returns the output's path.
 */
export async function bundleWithoutNode(entry) {
  const outfile = path.join(root, 'build', 'run', entry.replace(/\.ts$/, '.web.js'));
  await build({
    ...common,
    entryPoints: [entry],
    outfile,
    platform: 'browser',
    format: 'iife',
    globalName: 'bundled',
    alias: { events: path.join(root, 'scripts', 'shims', 'events.mjs') },
  });
  return outfile;
}
