/** The LRU lists: a page with PG_lru is on the list that its flags say, and on no other; zones and the node count them. */
import assert from 'node:assert/strict';
import {
  compound_nr,
  folio_lru_list,
  folio_lruvec,
  page_zonenum,
  per_cpu_ptr,
  zone_page_state_snapshot,
} from '../../../src/engine/entry/functions.js';
import type { Page } from '../../../src/engine/machine/ctypes.js';
import type { ScenarioVm } from '../../../src/scenario/index.js';
import { equal, holds, listedPages, nameOf } from './freeLists.js';

/** @param pages those with PG_lru, of a compound page the head */
export function checkLru(vm: ScenarioVm, pages: readonly Page[]): void {
  const { mm: k } = vm.image;
  for (let lru = 0; lru <= k.LRU_UNEVICTABLE; lru++) {
    const ofList = new Set(pages.filter((page) => folio_lru_list(k, page) === lru));
    const inZone = k.zones.map(() => 0);
    for (const page of ofList) {
      const zid = page_zonenum(k, page);
      inZone[zid] = (inZone[zid] ?? 0) + compound_nr(k, page);
    }
    // Unevictable pages are counted, and on no list.
    if (lru !== k.LRU_UNEVICTABLE) {
      let nr = 0;
      const head = folio_lruvec(k) + k.lruvec.lists + lru * k.stride.list_head;
      for (const page of listedPages(k, head)) {
        holds(
          ofList.has(page),
          () => `${nameOf(k, page)} is on the LRU list ${lru}, by its flags on another`,
        );
        nr++;
      }
      assert.equal(nr, ofList.size, `pages on the LRU list ${lru}`);
    }
    k.zones.forEach((zone, zid) => {
      if (k.read_ulong(zone + k.zone.present_pages) === 0) return;
      const counted = zone_page_state_snapshot(k, zone, k.NR_ZONE_LRU_BASE + lru);
      equal(counted, inZone[zid] ?? 0, () => `NR_ZONE_LRU_BASE + ${lru} of zone ${zid}`);
    });
    const all = inZone.reduce((sum, nr) => sum + nr, 0);
    equal(nodeState(vm, k.NR_LRU_BASE + lru), all, () => `NR_LRU_BASE + ${lru}`);
  }
}

/** A counter of the node with the parts that CPUs hold back. */
export function nodeState({ image: { mm: k, nrCpus } }: ScenarioVm, item: number): number {
  let sum = k.read_long(k.globals.vm_node_stat + item * k.ptr_words);
  const sets = k.globals.contig_page_data + k.pglist_data.per_cpu_nodestats;
  if (k.smp)
    for (let cpu = 0; cpu < nrCpus; cpu++)
      sum += k.read_s8(per_cpu_ptr(k, sets, cpu), k.per_cpu_nodestat.vm_node_stat_diff + item);
  return sum;
}
