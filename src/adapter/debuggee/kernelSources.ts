/**
 * The engine's kernel sources as the client sees them: printed as C under Linux's file names, and as they are. Texts go by
 * sourceReference, numbered the same way in every session of one build; their paths hold in every build, so that breakpoints
 * in them are kept.
 */
import { tables } from '../../engine/entry/instrumented.js';
import type { FunctionPlace, KernelLanguage } from '../../engine/probe.js';
import type { Dap } from '../protocol/dap.js';

const LANGUAGES = ['c', 'typescript'] as const satisfies readonly KernelLanguage[];
const MIME_TYPES = { c: 'text/x-c', typescript: 'text/x-typescript' } as const;
const FOLDER = 'mmscope-kernel/';

interface KernelFile {
  /** `mm/page_alloc.c`, `mm/page_alloc/buddy.ts`. */
  readonly name: string;
  readonly language: KernelLanguage;
}

const FILES: readonly KernelFile[] = LANGUAGES.flatMap((language) =>
  Object.keys(tables.sources[language])
    .sort()
    .map((name) => ({ name, language })),
);

/** Files of a language, by name. */
export const kernelFiles = (language: KernelLanguage): readonly string[] =>
  FILES.filter((file) => file.language === language).map(({ name }) => name);

const fileNamed = (name: string): KernelFile | undefined =>
  FILES.find((file) => file.name === name);

export const kernelSource = (file: string): Dap.Source => ({
  name: file,
  path: `${FOLDER}${file}`,
  // References of the protocol start at 1.
  sourceReference: FILES.findIndex(({ name }) => name === file) + 1,
  origin: 'mmscope kernel, read-only',
});

/** The text of a kernel file, and what it is written in. */
export function kernelText(file: string): { readonly content: string; readonly mimeType: string } {
  const language = fileNamed(file)?.language ?? 'c';
  return { content: tables.sources[language][file] ?? '', mimeType: MIME_TYPES[language] };
}

/**
 * The kernel file that a source of the client is; undefined for other sources. Its path decides: a breakpoint that is kept
 * may carry the reference that the file had in another build.
 */
export function kernelFileOf({ path, sourceReference = 0 }: Dap.Source): string | undefined {
  // VS Code may hand back the path of the `debug:` document it made, with or without a slash in front.
  const name = path === undefined ? undefined : /(?:^|\/)mmscope-kernel\/(.+)$/.exec(path)?.[1];
  return name === undefined ? FILES[sourceReference - 1]?.name : fileNamed(name)?.name;
}

/** Lines of a file that have statements of functions, ascending, each with the ids of its statements. */
export function kernelLines(file: string): ReadonlyMap<number, readonly number[]> {
  const known = linesOfFile.get(file);
  if (known !== undefined) return known;
  const language = fileNamed(file)?.language ?? 'c';
  const lines = new Map<number, number[]>();
  tables.statementLine[language].forEach((line, id) => {
    if (tables.functions[tables.statementFunction[id] ?? -1]?.[language].file !== file) return;
    const ids = lines.get(line);
    if (ids === undefined) lines.set(line, [id]);
    else ids.push(id);
  });
  const sorted = new Map([...lines].sort(([a], [b]) => a - b));
  linesOfFile.set(file, sorted);
  return sorted;
}

const linesOfFile = new Map<string, ReadonlyMap<number, readonly number[]>>();

/** Where a function is defined. */
export const kernelPlace = (
  functionId: number,
  language: KernelLanguage,
): FunctionPlace | undefined => tables.functions[functionId]?.[language];

/** Ids of the kernel functions of a name; several files may have static ones that are called the same. */
export const kernelFunctionsNamed = (name: string): readonly number[] =>
  tables.functions.flatMap((fn, id) => (fn.name === name ? [id] : []));

/** Locals of a function that can be set, in the order of their numbers. */
export const settableLocals = (functionId: number): readonly string[] =>
  tables.functions[functionId]?.settable ?? [];
