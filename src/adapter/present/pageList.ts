/**
 * A list of pages through `struct page.lru` (buddy_list, pcp_list) as an indexed container: the pages in list order.
 * A list that is broken shows how far it goes, and where it ends.
 */
import { KernelFault } from '../../engine/machine/events.js';
import type { ListHead } from '../../engine/machine/ctypes.js';
import type { Cell } from '../../engine/memory/address.js';
import type { MachineContext } from './context.js';
import { showPage } from './page.js';
import { fact, type Container } from './shown.js';

/** More than any real list has; a list that runs in circles without its head ends here. */
const MAX_ENTRIES = 1 << 21;

export interface PageList {
  readonly pfns: readonly number[];
  /** Why the list does not lead back to its head. */
  readonly broken?: string;
}

export function readPageList({ image: { mm } }: MachineContext, head: ListHead): PageList {
  const pfns: number[] = [];
  try {
    let entry: Cell = mm.read_ptr(head);
    while (entry !== head) {
      if (entry === 0) return { pfns, broken: 'NULL' };
      if (pfns.length === MAX_ENTRIES) return { pfns, broken: 'it does not lead back to its head' };
      pfns.push(mm.page_to_pfn(entry - mm.page.lru));
      entry = mm.read_ptr(entry);
    }
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return { pfns, broken: error.text };
  }
  return { pfns };
}

export const listText = ({ pfns, broken }: PageList, one: string): string => {
  const count = pfns.length === 1 ? `1 ${one}` : `${pfns.length} ${one}s`;
  return broken === undefined ? count : `${count}, then broken`;
};

export function listContainer(context: MachineContext, list: PageList): Container | undefined {
  const { pfns, broken } = list;
  if (pfns.length === 0 && broken === undefined) return undefined;
  return {
    nrIndexed: pfns.length,
    indexed: (start, count, format) =>
      pfns
        .slice(start, start + count)
        .map((pfn, i) => showPage(context, `[${start + i}]`, pfn, format)),
    ...(broken !== undefined && { named: () => [fact('broken', broken)] }),
  };
}
