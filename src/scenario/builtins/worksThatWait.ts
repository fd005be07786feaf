/** The works in the kernel's list, oldest first; whoever looks may take the one off that it is given. */
import { firstWork, nextWork } from '../../engine/entry/functions.js';
import { NULL } from '../../engine/machine/ctypes.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import type { Cell } from '../../engine/memory/address.js';

export function* worksThatWait(k: Kernel): Generator<Cell> {
  for (let work: Cell = firstWork(k), next: Cell; work !== NULL; work = next) {
    next = nextWork(k, work);
    yield work;
  }
}
