/**
 * The kernel's files and the C files they stand for.
 *
 *     include/linux/list.h.ts                       ->  include/linux/list.h
 *     mm/cma.ts                                     ->  mm/cma.c
 *     mm/slub/slub.ts, mm/slub/alloc.ts, ...        ->  mm/slub.c, in parts: a folder that holds a file of its own name
 */
import ts from 'typescript';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** A program of the engine's kernel files; `overlay`: texts of files that are not on the disk, by their path. */
export function kernelProgram(root, files, overlay = new Map()) {
  const engine = path.join(root, 'src', 'engine');
  const config = ts.readConfigFile(path.join(engine, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, engine);
  const whole = { ...options, noEmit: true, composite: false, incremental: false };
  const host = ts.createCompilerHost(whole);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => overlay.has(name) || fileExists(name);
  host.readFile = (name) => overlay.get(name) ?? readFile(name);
  host.getSourceFile = (name, version) =>
    overlay.has(name)
      ? ts.createSourceFile(name, overlay.get(name), version, true)
      : getSourceFile(name, version);
  return ts.createProgram(files, whole, host);
}

/** Where the members are listed that the engine names. */
export const structsFile = (root) => path.join(root, 'src', 'engine', 'machine', 'structs.ts');

/**
 * @typedef {{ file: string, path: string, source: ts.SourceFile }} Part  `file` as it is named inside src/engine/kernel
 * @typedef {{ name: string, parts: Part[] }} CFile
 * @returns {Promise<{ program: ts.Program, checker: ts.TypeChecker, files: CFile[], structs: Record<string, Map<string, string>> }>}
 */
export async function kernelSources(root) {
  const kernelDir = path.join(root, 'src', 'engine', 'kernel');
  const names = (await readdir(kernelDir, { recursive: true }))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll(path.sep, '/'))
    .sort();
  const listed = structsFile(root);
  const program = kernelProgram(root, [...names.map((name) => path.join(kernelDir, name)), listed]);
  const files = new Map();
  for (const file of names) {
    const name = cFileOf(file, names);
    const full = path.join(kernelDir, file);
    const part = { file, path: full, source: program.getSourceFile(full) };
    if (files.has(name)) files.get(name).push(part);
    else files.set(name, [part]);
  }
  return {
    program,
    checker: program.getTypeChecker(),
    files: [...files].map(([name, parts]) => ({ name, parts: mainLast(parts) })),
    structs: memberPaths(program.getSourceFile(listed)),
  };
}

/** @param {readonly string[]} all  every file's name */
export function cFileOf(file, all) {
  const bare = file.replace(/\.ts$/, '');
  const folder = path.posix.dirname(bare);
  const isPart = all.includes(`${folder}/${path.posix.basename(folder)}.ts`);
  if (isPart) return `${folder}.c`;
  return bare.endsWith('.h') ? bare : `${bare}.c`;
}

/** The part with the C file's own name holds what the others lead to. */
const mainLast = (parts) => {
  const isMain = ({ file }) =>
    path.posix.basename(file, '.ts') === path.posix.basename(path.posix.dirname(file));
  return [...parts.filter((part) => !isMain(part)), ...parts.filter(isMain)];
};

/** Struct tag -> name in the engine (`work_entry`) -> path in C (`work.entry`), from the list of members. */
export function memberPaths(source) {
  const structs = {};
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && ts.isStringLiteralLike(node.initializer)) {
      const words = node.initializer.text.match(/\S+/g) ?? [];
      const paths = words.map((word) => word.replace('?', ''));
      structs[node.name.text] = new Map(paths.map((each) => [each.replaceAll('.', '_'), each]));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return structs;
}
