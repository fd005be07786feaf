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

/**
 * Bundles entries into build/run/ as ES modules (packages stay outside); returns the outputs' paths. What several of them import is
 * in pieces of its own: a process that loads them all loads, and compiles, one engine.
 */
export async function bundleForNode(entries) {
  const files = entries.map((entry) => path.relative(root, path.resolve(entry)));
  if (files.length === 0) return [];
  await build({
    ...common,
    entryPoints: files,
    outbase: root,
    outdir: path.join(root, 'build', 'run'),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'pieces/[name]-[hash]',
    splitting: files.length > 1,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  return files.map((file) => path.join(root, 'build', 'run', file.replace(/\.ts$/, '.mjs')));
}

/** Bundles a module into one script for node, whose exports are the module's; returns the output's path. */
export async function bundleAsScript(entry) {
  const outfile = path.join(root, 'build', 'run', entry.replace(/\.ts$/, '.cjs'));
  await build({
    ...common,
    entryPoints: [entry],
    outfile,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    sourcemap: false,
    minifyWhitespace: true,
  });
  return outfile;
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
