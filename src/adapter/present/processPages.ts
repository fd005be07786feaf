/** Pages of a process as variables, and the page tables that lead to them. */
import type { Inspected } from '../../engine/inspect/inspected.js';
import { isDumpError } from '../../engine/inspect/inspected.js';
import {
  isDirty,
  isMapped,
  isSpecial,
  isWritable,
  isYoung,
  pagingOfMm,
  type UserEntry,
} from '../../engine/inspect/process/entries.js';
import { CountedPages, GUP_PIN_COUNTING_BIAS } from '../../engine/inspect/process/pageCounts.js';
import type { TaskView } from '../../engine/inspect/tasks.js';
import { PAGE_SIZE } from '../../engine/memory/address.js';
import { counted, times } from '../../engine/view/counted.js';
import { sizeText } from '../../engine/view/whereIs.js';
import type { MachineContext } from './context.js';
import { tablesShown } from './pageTables.js';
import { fact, group, type Shown } from './shown.js';

/** `0x7f26239f4000: pfn 0x74a6, rw accessed dirty, anonymous, mapped 2 times (shared), 3 references` */
export function entryShown(
  context: MachineContext,
  k: Inspected,
  name: string,
  entry: UserEntry,
): Shown {
  const value = `${k.hex(entry.va)}: ${entryText(k, entry)}`;
  return {
    ...fact(name, value),
    ...(entry.pfn !== undefined && { menu: 'mmscopePage' as const }),
    ...(context.image.dumped === undefined &&
      isMapped(entry) &&
      entry.pfn !== undefined && { memory: context.peek.addressOf(entry.pfn) }),
  };
}

function entryText(k: Inspected, entry: UserEntry): string {
  const { state, swap, pfn } = entry;
  const size = entry.sizeBytes === PAGE_SIZE ? '' : `huge page of ${sizeText(entry.sizeBytes)}, `;
  const frame = pfn === undefined ? '' : `pfn 0x${pfn.toString(16)}`;
  switch (state) {
    case 'swap':
      return `swapped out: slot 0x${(swap?.offset ?? 0).toString(16)} of swap file ${swap?.type ?? '?'}`;
    case 'migration':
      return `being migrated: ${frame}`;
    case 'hwpoison':
      return `poisoned by the hardware: ${frame}`;
    case 'special':
      return `a marker: type ${swap?.type ?? '?'}`;
    case 'protnone':
    case 'present': {
      const rights = `r${isWritable(entry) ? 'w' : '-'}`;
      const marks = `${isYoung(entry) ? ' accessed' : ''}${isDirty(k, entry) ? ' dirty' : ''}`;
      const access = state === 'protnone' ? 'PROT_NONE' : `${rights}${marks}`;
      return `${size}${frame}, ${access}${countsText(k, entry)}`;
    }
  }
}

/** What its struct page counts. */
function countsText(k: Inspected, entry: UserEntry): string {
  if (entry.pfn === undefined) return '';
  if (isSpecial(entry)) return ', special: the page of zeros, or none of memory management';
  try {
    const page = new CountedPages(k).of(entry.pfn);
    if (page === undefined) return ', no struct page';
    const mapped = `mapped ${times(page.mapcount)}`;
    const kind = page.isAnon
      ? 'anonymous'
      : page.head.mapping === 0n
        ? 'no mapping'
        : page.isSwapBacked
          ? 'shared memory'
          : 'page cache';
    const pins = pinText(page.pins, page.isCompound);
    return `, ${kind}, ${mapped}${page.mapcount > 1 ? ' (shared)' : ''}, ${counted(page.refcount, 'reference')}${pins}`;
  } catch (error) {
    if (!isDumpError(error)) throw error;
    return `, ${error.message}`;
  }
}

const pinText = (pins: number, isCompound: boolean): string =>
  pins === 0
    ? ''
    : isCompound
      ? `, pinned ${times(pins)}`
      : `, may be pinned (references / ${GUP_PIN_COUNTING_BIAS} = ${pins})`;

/** The tables of a task's own address space; nothing where the dump does not have them. */
export function userTables(context: MachineContext, k: Inspected, task: TaskView): Shown[] {
  try {
    const paging = pagingOfMm(k, task.mm);
    if (paging === undefined) return [];
    const root = `pgd at physical 0x${paging.rootPhys.toString(16)}, ${paging.mode}`;
    return [group('page tables', root, tablesShown(context, paging))];
  } catch (error) {
    if (!isDumpError(error)) throw error;
    return [fact('page tables', error.message)];
  }
}
