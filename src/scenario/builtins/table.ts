/** Every builtin, by name: the one table for the checker, the machine, completion, hover and the documentation. */
import { addresses } from './addresses.js';
import type { Builtin } from './builtin.js';
import { checking } from './checking.js';
import { contiguous } from './contiguous.js';
import { listPointers } from './listPointers.js';
import { lists } from './lists.js';
import { memory } from './memory.js';
import { numbers } from './numbers.js';
import { output } from './output.js';
import { page, pageFlags } from './page.js';
import { pageTables } from './pageTables.js';
import { pageAllocator } from './pages.js';
import { strings } from './strings.js';
import { tasks } from './tasks.js';

export const allBuiltins: readonly Builtin[] = [
  ...pageAllocator,
  ...contiguous,
  ...page,
  ...pageFlags,
  ...addresses,
  ...pageTables,
  ...lists,
  ...listPointers,
  ...memory,
  ...strings,
  ...numbers,
  ...checking,
  ...output,
  ...tasks,
];

const byName: ReadonlyMap<string, Builtin> = new Map(
  allBuiltins.map((builtin) => [builtin.name, builtin]),
);

export const findBuiltin = (name: string): Builtin | undefined => byName.get(name);
