/**
 * What `__FILE__` and `__LINE__` say at a place, which `#line` may change. Where things really are (findings, breakpoints,
 * stops) is the matter of sources.ts, and `#line` does not touch it.
 *
 * Source: ISO C11 6.10.4, 6.10.8.1.
 */
import type { Sources } from './sources.js';

interface Renumbering {
  /** The offset of the directive. */
  readonly at: number;
  /** What is added to the real line. */
  readonly shift: number;
  readonly name: string | undefined;
}

export class FileNames {
  private readonly renumberings: Renumbering[] = [];

  constructor(
    private readonly sources: Sources,
    private readonly name: string,
  ) {}

  /** KBUILD_MODNAME: the scenario's name as a module's. */
  get moduleName(): string {
    const base = this.name.split(/[\\/]/).at(-1) ?? this.name;
    return base.replace(/\.\w+$/, '').replace(/[^A-Za-z0-9]/g, '_');
  }

  /** `#line line "name"` at `at`: the line after it has that number. */
  renumber(at: number, line: number, name: string | undefined): void {
    const shift = line - (this.sources.position(at).line + 1);
    const before = this.renumberingAt(at);
    this.renumberings.push({ at, shift, name: name ?? before?.name });
  }

  lineAt(offset: number): number {
    return this.sources.position(offset).line + (this.renumberingAt(offset)?.shift ?? 0);
  }

  nameAt(offset: number): string {
    const renamed = this.renumberingAt(offset)?.name;
    return renamed ?? this.sources.fileAt(offset).path ?? this.name;
  }

  private renumberingAt(offset: number): Renumbering | undefined {
    const file = this.sources.fileAt(offset);
    return this.renumberings.findLast(({ at }) => at <= offset && this.sources.fileAt(at) === file);
  }
}
