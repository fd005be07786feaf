/**
 * The texts of a scenario: its own, and those of the files it includes, laid one after the other in one space of offsets.
 *
 * So a span says by its numbers alone which file it lies in, and everything that carries spans (tokens, trees, findings,
 * boundaries, call sites) knows nothing of files. Only where an offset becomes a line and a column does the file matter.
 * Invariant: the scenario's own text begins at 0; texts are only ever added at the end, each once.
 */
import { LineMap, type Position, type Span } from './span.js';

export interface SourceFile {
  /** Undefined for the scenario itself, which its reader has the path of. */
  readonly path: string | undefined;
  readonly text: string;
  /** Its first offset. */
  readonly start: number;
  readonly lines: LineMap;
}

/** A header of the C library is not a file. */
export const headerPath = (name: string): string => `<${name}>`;
export const isHeader = ({ path }: { readonly path: string | undefined }): boolean =>
  path?.startsWith('<') === true;

/** A line and a column, and the file they are of. */
export interface FilePosition extends Position {
  readonly file: SourceFile;
}

export class Sources {
  private readonly all: SourceFile[] = [];

  constructor(text: string) {
    this.append(undefined, text);
  }

  /** The scenario's own text. */
  get main(): SourceFile {
    return this.all[0] as SourceFile;
  }

  get files(): readonly SourceFile[] {
    return this.all;
  }

  /** The file of that path, added the first time. */
  include(path: string, text: string): SourceFile {
    return this.all.find((file) => file.path === path) ?? this.append(path, text);
  }

  private append(path: string | undefined, text: string): SourceFile {
    const last = this.all.at(-1);
    const start = last === undefined ? 0 : last.start + last.text.length + 1;
    const file = { path, text, start, lines: new LineMap(text) };
    this.all.push(file);
    return file;
  }

  fileAt(offset: number): SourceFile {
    if (this.all.length === 1) return this.main;
    return this.all.findLast(({ start }) => start <= offset) ?? this.main;
  }

  position(offset: number): FilePosition {
    const file = this.fileAt(offset);
    return { ...file.lines.position(offset - file.start), file };
  }

  /** What is written at a span, as far as it lies in the file where it starts. */
  textAt({ start, end }: Span): string {
    const file = this.fileAt(start);
    return file.text.slice(start - file.start, end - file.start);
  }
}

/** A file that an #include names, as it was found. */
export interface IncludedText {
  /** Absolute, or however the host tells files apart. */
  readonly path: string;
  readonly text: string;
}

/** Finds what `#include "name"` in the file `from` (undefined: the scenario) means; undefined if there is no such file. */
export type FindInclude = (name: string, from: string | undefined) => IncludedText | undefined;

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"/gm;

/**
 * Reads every file that a text may include, for a reader that takes time. What an `#if` leaves out is read too: which branch
 * holds is known only later, and a file that is missing is a finding only where it is needed.
 */
export async function gatherIncludes(
  text: string,
  read: (name: string, from: string | undefined) => Promise<IncludedText | undefined>,
): Promise<FindInclude> {
  const found = new Map<string, IncludedText | undefined>();
  const key = (name: string, from: string | undefined): string => `${from ?? ''}\n${name}`;
  const gather = async (from: string | undefined, content: string): Promise<void> => {
    for (const [, name = ''] of content.matchAll(INCLUDE)) {
      if (found.has(key(name, from))) continue;
      const included = await read(name, from);
      found.set(key(name, from), included);
      if (included !== undefined) await gather(included.path, included.text);
    }
  };
  await gather(undefined, text);
  return (name, from) => found.get(key(name, from));
}
