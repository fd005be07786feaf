/** The blocks on all per-cpu lists: pfn of the first page, order. Bounded by `pcp->high`, so cheap enough to ask anew. */
import type { KernelImage } from '../image/kernelImage.js';
import { KernelFault } from '../kernel/events.js';
import { list_empty, list_next } from '../kernel/list.js';
import { pcp_list, pindex_to_order, zone_pcp } from '../kernel/pcp.js';
import type { Mm } from '../kernel/mm.js';
import type { ListHead } from '../kernel/types.js';

/** A damaged list may have no end. */
const MAX_ENTRIES = 1 << 16;

export function pcpPages({ mm, nrCpus }: KernelImage): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  try {
    collect(found, mm, nrCpus);
  } catch (error) {
    // A list that leads nowhere: what was found up to there is what there is.
    if (!(error instanceof KernelFault)) throw error;
  }
  return found;
}

function collect(found: Map<number, number>, mm: Mm, nrCpus: number): void {
  for (const zone of mm.zones) {
    if (mm.read_ulong(zone + mm.zone_present_pages) === 0) continue;
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const pcp = zone_pcp(mm, zone, cpu);
      if ((mm.words[pcp + mm.pcp_count] ?? 0) === 0) continue;
      for (let pindex = 0; pindex < mm.NR_PCP_LISTS; pindex++) {
        const head = pcp_list(mm, pcp, pindex);
        if (list_empty(mm, head)) continue;
        const order = pindex_to_order(mm, pindex);
        let entry: ListHead = list_next(mm, head);
        while (entry !== head && entry !== 0 && found.size < MAX_ENTRIES) {
          found.set(mm.page_to_pfn(entry - mm.page_lru), order);
          entry = list_next(mm, entry);
        }
      }
    }
  }
}
