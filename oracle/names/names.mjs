/**
 * `oracle names`: the names of Linux 6.1's functions and of macros used like functions, as a text file that tests hold the
 * names of src/engine/kernel against. One line a C file, `mm/page_alloc.c: name name ...`, sorted. Beside it, a name a line, what the
 * kernel exports to modules.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { needPackages } from '../lib/packages.mjs';
import { project, shown } from '../lib/place.mjs';
import { kernelSource, release } from '../lib/source.mjs';
import {
  EXPORTERS,
  GENERATORS,
  HEADERS,
  INCLUDED_HEADERS,
  LEFT_OUT,
  SOURCES,
  TRACEPOINTS,
} from './selection.mjs';
import { namesOf } from './tags.mjs';

/** The .c and .h files of a selection, sorted. */
function filesOf(tree, selection) {
  return selection.flatMap((entry) => {
    if (!existsSync(path.join(tree, entry))) throw new Error(`Linux 6.1 has no ${entry}`);
    if (!entry.endsWith('/')) return [entry];
    return readdirSync(path.join(tree, entry))
      .filter((name) => /\.[ch]$/.test(name) && !isOurs(name))
      .map((name) => entry + name);
  });
}

/** What this recorder puts into the tree. */
const isOurs = (name) => /^(mmoracle|mmbench)/.test(name);

/** Headers below include/linux that files include, and those that these include. */
function included(tree, files) {
  const found = new Set();
  for (let next = files, step = 0; step < 2; step++) {
    const headers = next.flatMap((file) => includesOf(tree, file));
    next = [...new Set(headers)].filter(
      (header) => header.startsWith(INCLUDED_HEADERS) && isWanted(header) && !found.has(header),
    );
    for (const header of next) found.add(header);
  }
  return [...found];
}

/** Existing headers that a file includes, as paths in the tree. */
function includesOf(tree, file) {
  const text = readFileSync(path.join(tree, file), 'utf8');
  return [...text.matchAll(/^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")/gm)]
    .map(([, general, local]) =>
      general === undefined
        ? path.posix.join(path.posix.dirname(file), local)
        : `include/${general}`,
    )
    .filter((header) => existsSync(path.join(tree, header)));
}

/** What the C files below some folders export: EXPORT_SYMBOL() and its like, but for those in macros. Sorted. */
function exportedNames(tree) {
  const found = new Set();
  for (const folder of EXPORTERS)
    for (const file of readdirSync(path.join(tree, folder), { recursive: true })) {
      if (!file.endsWith('.c') || isOurs(path.basename(file))) continue;
      // One line for a macro: what it exports begins no line.
      const text = readFileSync(path.join(tree, folder, file), 'utf8').replaceAll('\\\n', ' ');
      for (const [, name] of text.matchAll(/^\s*EXPORT_SYMBOL\w*\((\w+)/gm)) found.add(name);
    }
  return [...found].sort();
}

const isWanted = (file) => !LEFT_OUT.some((pattern) => pattern.test(file));

const TARGET = path.join(project, 'test', 'data', 'linux-6.1-names.txt');
const EXPORTS = path.join(project, 'test', 'data', 'linux-6.1-exports.txt');

export function names() {
  needPackages(['universal-ctags', 'gcc']);
  const tree = kernelSource();
  const sources = filesOf(tree, SOURCES);
  const headers = [...filesOf(tree, HEADERS), ...included(tree, sources), ...TRACEPOINTS];
  const files = [...new Set([...sources, ...headers])].filter(isWanted).sort();
  const lines = [...namesOf(tree, files, GENERATORS)]
    .filter(([, list]) => list.length > 0)
    .map(([file, list]) => `${file}: ${list.join(' ')}`);
  const head =
    `# Functions, and macros used like functions, of Linux ${release(tree)}, a C file a line.` +
    ' `npm run oracle -- names` makes this from the Debian package linux-source-6.1.';
  writeFileSync(TARGET, [head, ...lines, ''].join('\n'));
  console.log(`${shown(TARGET)}: ${lines.length} files`);
  const exported = exportedNames(tree);
  writeFileSync(EXPORTS, [...exported, ''].join('\n'));
  console.log(`${shown(EXPORTS)}: ${exported.length} names`);
}
