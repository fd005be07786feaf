/**
 * Kernel frames in a Linux source tree: where a function of the engine's kernel is defined in the real one. It is searched for in
 * the C file that its own file stands for, and in those that this names (`Source: Linux 6.1 include/linux/gfp.h`).
 */
import { tables } from '../../engine/entry/instrumented.js';
import type { Host } from '../host.js';

export interface LinuxPlace {
  readonly path: string;
  readonly line: number;
}

export class LinuxSource {
  private readonly texts = new Map<string, Promise<string | undefined>>();
  private readonly places = new Map<number, Promise<LinuxPlace | undefined>>();

  constructor(
    private readonly host: Host,
    /** The tree's root. */
    private readonly root: string,
  ) {}

  /** Where a function is defined; undefined when the tree does not have it where it is expected. */
  placeOf(functionId: number): Promise<LinuxPlace | undefined> {
    const known = this.places.get(functionId);
    if (known !== undefined) return known;
    const place = this.find(functionId);
    this.places.set(functionId, place);
    return place;
  }

  private async find(functionId: number): Promise<LinuxPlace | undefined> {
    const fn = tables.functions[functionId];
    if (fn === undefined) return undefined;
    const named = filesNamedIn(tables.sources.typescript[fn.typescript.file] ?? '');
    for (const file of new Set([fn.c.file, ...named])) {
      const text = await this.read(file);
      const line = text === undefined ? undefined : definitionLine(text, fn.name);
      if (line !== undefined) return { path: `${this.root.replace(/\/$/, '')}/${file}`, line };
    }
    return undefined;
  }

  private read(file: string): Promise<string | undefined> {
    const known = this.texts.get(file);
    if (known !== undefined) return known;
    const path = `${this.root.replace(/\/$/, '')}/${file}`;
    const text = this.host.readFile(path).then(
      (bytes) => new TextDecoder().decode(bytes),
      () => undefined,
    );
    this.texts.set(file, text);
    return text;
  }
}

/** `mm/page_alloc.c`, `include/linux/mm.h`, ... in the order of their first mention. */
const filesNamedIn = (text: string): readonly string[] => [
  ...new Set(text.match(/\b(?:mm|lib|kernel|include|arch)\/[\w/-]+\.[ch]\b/g) ?? []),
];

/** The line where a function's definition begins: its name at the end of the declarator, no semicolon before the brace. */
function definitionLine(text: string, name: string): number | undefined {
  const pattern = new RegExp(`^[A-Za-z_][^;{}()#]*?\\b${name}\\s*\\([^;{]*?\\)\\s*\\{`, 'm');
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const at = match.index + match[0].indexOf(name);
  return text.slice(0, at).split('\n').length;
}
