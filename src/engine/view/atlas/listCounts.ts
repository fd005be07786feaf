/**
 * How many blocks each free list has. `nr_free` counts those of an order together, so the lists of an order are walked side by
 * side and the longest need not be walked to its end: the cost is that of the others. An order's counts hold until the tape
 * changes one of its list heads or its `nr_free`: nothing is put on a list or moved between two without that.
 *
 * Invariant: with lists that are whole the counts of an order add up to its nr_free, as long as none is capped.
 */
import { list_empty } from '../../kernel/include/linux/list.h.js';
import type { KernelImage } from '../../image/kernelImage.js';
import type { FreeArea, ListHead, Zone } from '../../machine/ctypes.js';
import { KernelFault } from '../../machine/events.js';
import { freeArea, freeList } from '../zoneLists.js';
import { MAX_COUNTED } from './freeAreas.js';

export interface OrderCounts {
  readonly nrFree: number;
  /** By migratetype. */
  readonly counts: readonly number[];
  readonly capped: boolean;
}

export class ListCounts {
  private readonly kept = new Map<FreeArea, OrderCounts>();
  private cursor = -1;
  private cuts = -1;

  constructor(private readonly image: KernelImage) {}

  of(zone: Zone, order: number): OrderCounts {
    this.sync();
    const area = freeArea(this.image.mm, zone, order);
    const known = this.kept.get(area);
    if (known !== undefined) return known;
    const counted = countArea(this.image, area);
    this.kept.set(area, counted);
    return counted;
  }

  /** Forgets the orders that the cursor has passed a change of. */
  private sync(): void {
    const { tape, mm } = this.image;
    const { cursor, cuts } = this;
    if (tape.cursor === cursor && tape.cuts === cuts) return;
    this.cursor = tape.cursor;
    this.cuts = tape.cuts;
    if (tape.cuts !== cuts || cursor < tape.start) {
      this.kept.clear();
      return;
    }
    const areas = [...this.kept.keys()].sort((a, b) => a - b);
    const first = areas[0] ?? Infinity;
    const end = (areas.at(-1) ?? -1) + mm.stride.free_area;
    tape.searchForward(Math.min(cursor, tape.cursor), Math.max(cursor, tape.cursor), (cell) => {
      if (cell >= first && cell < end) this.forget(areas, cell);
      return false;
    });
  }

  private forget(areas: readonly FreeArea[], cell: number): void {
    const { mm } = this.image;
    const area = areas.find((at) => cell >= at && cell < at + mm.stride.free_area);
    if (area !== undefined) this.kept.delete(area);
  }
}

/** A list under way. */
interface Walking {
  readonly head: ListHead;
  at: ListHead;
  count: number;
}

function countArea({ mm }: KernelImage, area: FreeArea): OrderCounts {
  const nrFree = mm.read_ulong(area + mm.free_area.nr_free);
  const lists: Walking[] = Array.from({ length: mm.MIGRATE_TYPES }, (_, mt) => {
    const head = freeList(mm, area, mt);
    return { head, at: head, count: 0 };
  });
  let going = lists.filter(({ head }) => !isEmpty(() => list_empty(mm, head)));
  for (let steps = 0; going.length > 1 && steps < MAX_COUNTED; steps++)
    going = going.filter((list) => {
      if (!advance(() => mm.read_ptr(list.at), list)) return false;
      list.count++;
      return true;
    });
  const counted = lists.reduce((sum, { count }) => sum + count, 0);
  const [last] = going;
  if (going.length === 1 && last !== undefined)
    last.count = Math.max(last.count, nrFree - (counted - last.count));
  return { nrFree, counts: lists.map(({ count }) => count), capped: going.length > 1 };
}

/** One entry on; false at the list's end, or where it leads nowhere. */
function advance(next: () => ListHead, list: Walking): boolean {
  try {
    list.at = next();
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return false;
  }
  return list.at !== list.head && list.at !== 0;
}

function isEmpty(test: () => boolean): boolean {
  try {
    return test();
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return true;
  }
}
