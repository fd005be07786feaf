/**
 * The types of global variables, where the types come with any: BTF has per-CPU ones, DWARF all that lie at a fixed address.
 *
 * Several static variables may have one name. A variable is known by its section and offset, a symbol by its address; where each
 * section begins, a variable of a name that is there once tells.
 */
import type { VirtAddr } from '../../memory/address.js';
import type { BtfVariable } from '../../types/btf.js';
import type { Symbols } from './symbols.js';

/** Where per-CPU variables are: their addresses are offsets from each CPU's area. */
export const PER_CPU_SECTION = '.data..percpu';

export class TypedVariables {
  private readonly byName = new Map<string, BtfVariable[]>();
  private readonly starts = new Map<string, number>();

  constructor(
    variables: readonly BtfVariable[],
    private readonly symbols: Symbols,
  ) {
    for (const variable of variables) {
      const same = this.byName.get(variable.name);
      if (same === undefined) this.byName.set(variable.name, [variable]);
      else same.push(variable);
    }
  }

  /** The variable that a symbol is; undefined where nothing tells its type. */
  of(name: string, address: VirtAddr): BtfVariable | undefined {
    const same = this.byName.get(name) ?? [];
    if (same.length < 2) return same[0];
    return same.find(({ section, offset }) => this.startOf(section) + offset === address);
  }

  names(): IterableIterator<string> {
    return this.byName.keys();
  }

  private startOf(section: string): number {
    let start = this.starts.get(section);
    if (start === undefined) {
      start = NaN;
      for (const [name, [variable, ...others]] of this.byName) {
        if (variable?.section !== section || others.length > 0) continue;
        const address = this.symbols.only(name);
        if (address !== undefined) {
          start = address - variable.offset;
          break;
        }
      }
      this.starts.set(section, start);
    }
    return start;
  }
}
