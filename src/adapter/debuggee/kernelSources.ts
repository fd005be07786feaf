/**
 * The engine's kernel sources as the client sees them: texts by sourceReference, numbered the same way in every session
 * of one build, so that breakpoints in them survive.
 */
import { tables } from '../../engine/entry/instrumented.js';
import type { Dap } from '../protocol/dap.js';

export const KERNEL_FILES: readonly string[] = Object.keys(tables.sources).sort();

const FOLDER = 'mmscope-kernel/';

/** References of the protocol start at 1. */
const referenceOf = (file: string): number => KERNEL_FILES.indexOf(file) + 1;

export const kernelSource = (file: string): Dap.Source => ({
  name: file,
  path: `${FOLDER}${file}`,
  sourceReference: referenceOf(file),
  origin: 'mmscope engine',
});

/** The kernel file that a source of the client is; undefined for other sources. */
export function kernelFileOf(source: Dap.Source): string | undefined {
  const { path, sourceReference } = source;
  if (sourceReference !== undefined && sourceReference > 0)
    return KERNEL_FILES[sourceReference - 1];
  // VS Code may hand back the path of the `debug:` document it made, with or without a slash in front.
  const match = path === undefined ? null : /(?:^|\/)mmscope-kernel\/(\w+\.ts)$/.exec(path);
  return match?.[1] !== undefined && KERNEL_FILES.includes(match[1]) ? match[1] : undefined;
}

/** Lines of a file that have statements of functions, ascending, each with the ids of its statements. */
export function kernelLines(file: string): ReadonlyMap<number, readonly number[]> {
  const known = linesOfFile.get(file);
  if (known !== undefined) return known;
  const lines = new Map<number, number[]>();
  tables.statementLine.forEach((line, id) => {
    if (tables.functions[tables.statementFunction[id] ?? -1]?.file !== file) return;
    const ids = lines.get(line);
    if (ids === undefined) lines.set(line, [id]);
    else ids.push(id);
  });
  const sorted = new Map([...lines].sort(([a], [b]) => a - b));
  linesOfFile.set(file, sorted);
  return sorted;
}

const linesOfFile = new Map<string, ReadonlyMap<number, readonly number[]>>();

/** Ids of the kernel functions of a name; several files may have static ones that are called the same. */
export const kernelFunctionsNamed = (name: string): readonly number[] =>
  tables.functions.flatMap((fn, id) => (fn.name === name ? [id] : []));
