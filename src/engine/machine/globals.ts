/**
 * The kernel's global variables as cells: `k.globals.vm_zone_stat`.
 *
 * A variable is looked up when it is first asked for, so that opening an image does not touch the memory of all of them. Cells never
 * move: what was found stays right.
 */
import type { Cell } from '../memory/address.js';
import { GLOBALS } from './globalNames.js';
import { namesIn, type Words } from './names.js';

export type Globals = Readonly<Record<Words<typeof GLOBALS>, Cell>>;

const NAMES = namesIn(GLOBALS).map(({ name }) => name);

class LazyGlobals {
  /** By index in the list; 0: not looked up, or not there. */
  readonly cells = new Int32Array(NAMES.length);

  constructor(private readonly find: (name: string) => Cell | undefined) {}

  lookUp(index: number): Cell {
    return (this.cells[index] = this.find(NAMES[index] ?? '') ?? 0) as Cell;
  }
}

NAMES.forEach((name, index) =>
  Object.defineProperty(LazyGlobals.prototype, name, {
    get(this: LazyGlobals): Cell {
      // As short as it is, V8 inlines it wherever it is asked for; of longer getters it thinks last.
      return (this.cells[index] || this.lookUp(index)) as Cell;
    },
  }),
);

/** Each variable's cell; NULL where the build lacks the variable or the image its memory. */
export const lazyGlobals = (find: (name: string) => Cell | undefined): Globals =>
  new LazyGlobals(find) as unknown as Globals;
