/**
 * The names that files of Linux define: functions, static inlines, macros that are used like functions, and what macros such as
 * PAGEFLAG() make where they are used. universal-ctags reads; gcc's preprocessor shows it what macros make.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MANY = { encoding: 'utf8', maxBuffer: 1 << 28 };
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** What ctags says of files: `{ file, name, kind, signature }`. */
function tagsOf(folder, files) {
  const format = '--_xformat=%F\t%N\t%K\t%S';
  const kinds = ['--languages=C', '--langmap=C:.c.h', '--kinds-C=fdp'];
  const out = execFileSync('ctags', ['-x', ...kinds, format, '-f', '-', '-L', '-'], {
    ...MANY,
    cwd: folder,
    input: files.join('\n'),
  });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [file, name, kind, signature] = line.split('\t');
      return { file, name, kind, signature: signature === '-' ? '' : signature };
    });
}

/** A macro that code names where it could name a function: it takes arguments, or is not a constant in capitals. */
const isCalled = ({ name, signature }) => signature !== '' || /[a-z]/.test(name);

/** Without comments, one logical line a line. */
const plain = (text) => text.replace(/\\\n/g, ' ').replace(/\/\*[\s\S]*?\*\//g, ' ');

/** Definitions of macros that make names: those that paste with ##, and those that use one of these. */
function makersOf(text) {
  const defines = [...text.matchAll(/^\s*#\s*define\s+(\w+)(.*)$/gm)];
  const makers = new Set();
  for (let before = -1; before < makers.size;) {
    before = makers.size;
    for (const [, name, body] of defines)
      if (body.includes('##') || (body.match(/\w+/g) ?? []).some((word) => makers.has(word)))
        makers.add(name);
  }
  const lines = defines.filter(([, name]) => makers.has(name)).map(([line]) => line);
  return { names: [...makers], text: lines.join('\n') };
}

/**
 * A file as the compiler would see it if every branch of its #ifs were taken and nothing were included, with those macros
 * expanded that make names: the functions they make are there to read.
 */
function expand(makers, text) {
  const code = text.replace(/^\s*#.*$/gm, '');
  const { stdout } = spawnSync('gcc', ['-E', '-P', '-undef', '-w', '-x', 'c', '-'], {
    ...MANY,
    input: `${makers}\n${code}\n`,
  });
  return stdout.replace(/([;}])/g, '$1\n');
}

/** Functions that macros make in these files, by file. */
function generatedFunctions(tree, files, generators) {
  const read = (file) => plain(readFileSync(path.join(tree, file), 'utf8'));
  const general = makersOf(generators.map(read).join('\n'));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'names-'));
  try {
    const written = [];
    for (const file of files) {
      const text = read(file);
      const own = makersOf(text);
      const makers = [...general.names, ...own.names];
      if (!new RegExp(`^\\s*(?:static\\s+)?(?:${makers.join('|')})\\s*\\(`, 'm').test(text))
        continue;
      writeFileSync(
        path.join(folder, `${written.length}.c`),
        expand(`${general.text}\n${own.text}`, text),
      );
      written.push(file);
    }
    const names = written.map((_, i) => `${i}.c`);
    return tagsOf(folder, names)
      .filter(({ kind }) => kind === 'function')
      .map(({ file, name }) => ({ file: written[Number.parseInt(file, 10)], name }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Functions that are named in text only: tracepoints and system calls. */
function namedByMacro(tree, files) {
  const found = [];
  for (const file of files) {
    const text = readFileSync(path.join(tree, file), 'utf8');
    for (const [, name] of text.matchAll(/^SYSCALL_DEFINE\d\((\w+)/gm))
      found.push({ file, name: `sys_${name}` });
    for (const [, name] of text.matchAll(/^(?:TRACE_EVENT(?:_CONDITION|_FN)?)\((\w+)/gm))
      found.push({ file, name: `trace_${name}` });
    for (const [, name] of text.matchAll(/^DEFINE_EVENT(?:_\w+)?\(\s*\w+,\s*(\w+)/gm))
      found.push({ file, name: `trace_${name}` });
  }
  return found;
}

/**
 * @param tree folder of the kernel's source
 * @returns Map of file -> sorted names. A name that is only declared is left out of a header if another file defines it.
 */
export function namesOf(tree, files, generators) {
  const tags = tagsOf(tree, files);
  const defined = [
    ...tags.filter((tag) => tag.kind === 'function' || (tag.kind === 'macro' && isCalled(tag))),
    ...generatedFunctions(tree, files, generators),
    ...namedByMacro(tree, files),
  ];
  const names = new Map(files.map((file) => [file, new Set()]));
  for (const { file, name } of defined) names.get(file).add(name);
  const known = new Set(defined.map(({ name }) => name));
  for (const { file, name, kind } of tags)
    if (kind === 'prototype' && !known.has(name)) {
      names.get(file).add(name);
      known.add(name);
    }
  for (const [file, set] of names)
    names.set(file, [...set].filter((n) => IDENTIFIER.test(n)).sort());
  return names;
}
