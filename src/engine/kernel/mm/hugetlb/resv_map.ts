/**
 * Which huge pages of a file, or of a private area, are reserved: a list of regions [from, to), in huge pages.
 *
 *     a file's map       (inode->i_data.private_data)   an entry: the page has a reservation, or had one that a page has used up
 *     a private area's   (vma->vm_private_data)         an entry: the reservation was used up; none: it is still there
 *
 * A change comes in two steps, so that memory for the entry is had before anything else is done: region_chg() puts entries aside,
 * region_add() uses them, region_abort() leaves it.
 *
 * Left out: the map's lock, cgroups.
 * Source: Linux 6.1 mm/hugetlb.c: get_file_region_entry_from_cache() to region_count(), resv_map_alloc(), resv_map_release().
 */
import {
  type FileRegion,
  type Int,
  type ListHead,
  type Long,
  NULL,
  type Out,
  type ResvMap,
} from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import type { VirtAddr } from '../../../memory/address.js';
import { ENOMEM } from '../../include/linux/errno.h.js';
import {
  INIT_LIST_HEAD,
  list_add,
  list_del,
  list_entry_is_head,
  list_first_entry,
  list_next_entry,
  list_prev_entry,
} from '../../include/linux/list.h.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';

const fromOf = (k: Kernel, rg: FileRegion): Long => k.read_long(k.plus(rg, k.file_region.from));
const toOf = (k: Kernel, rg: FileRegion): Long => k.read_long(k.plus(rg, k.file_region.to));
const setFrom = (k: Kernel, rg: FileRegion, at: Long): void =>
  k.write_long(k.plus(rg, k.file_region.from), at);
const setTo = (k: Kernel, rg: FileRegion, at: Long): void =>
  k.write_long(k.plus(rg, k.file_region.to), at);
const linkOf = (k: Kernel, rg: FileRegion): ListHead => k.plus(rg, k.file_region.link);
const longAt = (k: Kernel, resv: ResvMap, member: number): Long =>
  k.read_long(k.plus(resv, member));
const addLong = (k: Kernel, resv: ResvMap, member: number, delta: Int): void =>
  k.add_long(k.plus(resv, member), delta);
const regionsOf = (k: Kernel, resv: ResvMap): ListHead => k.plus(resv, k.resv_map.regions);

const kmallocRegion = (k: Kernel): FileRegion => {
  const object: VirtAddr = kmalloc(k, k.sizeof.file_region, k.GFP_KERNEL);
  return object === 0 ? NULL : k.cell_at(object);
};

function get_file_region_entry_from_cache(
  k: Kernel,
  resv: ResvMap,
  first: Long,
  end: Long,
): FileRegion {
  addLong(k, resv, k.resv_map.region_cache_count, -1);
  const nrg: FileRegion = list_first_entry(
    k,
    k.plus(resv, k.resv_map.region_cache),
    k.file_region.link,
  );
  list_del(k, linkOf(k, nrg));
  setFrom(k, nrg, first);
  setTo(k, nrg, end);
  return nrg;
}

/** A new region joins its neighbours where it touches them. */
function coalesce_file_region(k: Kernel, resv: ResvMap, rg: FileRegion): void {
  const head: ListHead = regionsOf(k, resv);
  const { link } = k.file_region;
  const prg: FileRegion = list_prev_entry(k, rg, link);
  if (!list_entry_is_head(k, prg, head, link) && toOf(k, prg) === fromOf(k, rg)) {
    setTo(k, prg, toOf(k, rg));
    list_del(k, linkOf(k, rg));
    kfree(k, k.va_of(rg));
    rg = prg;
  }
  const nrg: FileRegion = list_next_entry(k, rg, link);
  if (!list_entry_is_head(k, nrg, head, link) && fromOf(k, nrg) === toOf(k, rg)) {
    setFrom(k, nrg, fromOf(k, rg));
    list_del(k, linkOf(k, rg));
    kfree(k, k.va_of(rg));
  }
}

function hugetlb_resv_map_add(
  k: Kernel,
  map: ResvMap,
  rg: ListHead,
  first: Long,
  end: Long,
  regions_needed: Out<Long> | undefined,
): Long {
  if (regions_needed === undefined) {
    const nrg: FileRegion = get_file_region_entry_from_cache(k, map, first, end);
    list_add(k, linkOf(k, nrg), rg);
    coalesce_file_region(k, map, nrg);
  } else {
    regions_needed.value++;
  }
  return end - first;
}

/** Fills what [f, t) lacks; with `regions_needed` it only counts how many entries that takes. How many pages it lacks. */
function add_reservation_in_range(
  k: Kernel,
  resv: ResvMap,
  f: Long,
  t: Long,
  regions_needed: Out<Long> | undefined,
): Long {
  const head: ListHead = regionsOf(k, resv);
  const { link } = k.file_region;
  let add: Long = 0;
  let last_accounted_offset: Long = f;
  let rg: ListHead = NULL;
  if (regions_needed !== undefined) regions_needed.value = 0;
  const previous = (iter: FileRegion): ListHead =>
    k.read_ptr(k.plus(linkOf(k, iter), k.list_head.prev));

  for (
    let iter: FileRegion = list_first_entry(k, head, link),
      trg: FileRegion = list_next_entry(k, iter, link);
    !list_entry_is_head(k, iter, head, link);
    iter = trg, trg = list_next_entry(k, trg, link)
  ) {
    if (fromOf(k, iter) < f) {
      // It may reach into the range all the same.
      if (toOf(k, iter) > last_accounted_offset) last_accounted_offset = toOf(k, iter);
      continue;
    }
    if (fromOf(k, iter) >= t) {
      rg = previous(iter);
      break;
    }
    // The gap in front of it.
    if (fromOf(k, iter) > last_accounted_offset)
      add += hugetlb_resv_map_add(
        k,
        resv,
        previous(iter),
        last_accounted_offset,
        fromOf(k, iter),
        regions_needed,
      );
    last_accounted_offset = toOf(k, iter);
  }
  if (rg === NULL) rg = k.read_ptr(k.plus(head, k.list_head.prev));
  if (last_accounted_offset < t)
    add += hugetlb_resv_map_add(k, resv, rg, last_accounted_offset, t, regions_needed);
  return add;
}

/** Sees to it that so many entries lie aside, besides those that others are about to use. */
function allocate_file_region_entries(k: Kernel, resv: ResvMap, regions_needed: Long): Int {
  while (
    longAt(k, resv, k.resv_map.region_cache_count) <
    longAt(k, resv, k.resv_map.adds_in_progress) + regions_needed
  ) {
    const to_allocate: Long =
      longAt(k, resv, k.resv_map.adds_in_progress) +
      regions_needed -
      longAt(k, resv, k.resv_map.region_cache_count);
    const allocated_regions: FileRegion[] = [];
    for (let i = 0; i < to_allocate; i++) {
      const trg: FileRegion = kmallocRegion(k);
      if (trg === NULL) {
        // out_of_memory:
        for (const rg of allocated_regions) kfree(k, k.va_of(rg));
        return -ENOMEM;
      }
      allocated_regions.push(trg);
    }
    for (const trg of allocated_regions)
      list_add(k, linkOf(k, trg), k.plus(resv, k.resv_map.region_cache));
    addLong(k, resv, k.resv_map.region_cache_count, to_allocate);
  }
  return 0;
}

/** [f, t) is reserved: region_chg() has said how many entries that takes. How many pages that are new. */
export function region_add(
  k: Kernel,
  resv: ResvMap,
  f: Long,
  t: Long,
  in_regions_needed: Long,
): Long {
  const actual: Out<Long> = { value: 0 };
  // retry:
  for (;;) {
    add_reservation_in_range(k, resv, f, t, actual);
    const more: Long = actual.value - in_regions_needed;
    // Others have changed the map since.
    if (
      more <= 0 ||
      longAt(k, resv, k.resv_map.region_cache_count) >=
        longAt(k, resv, k.resv_map.adds_in_progress) + more
    )
      break;
    if (allocate_file_region_entries(k, resv, more) !== 0) return -ENOMEM;
  }
  const add: Long = add_reservation_in_range(k, resv, f, t, undefined);
  addLong(k, resv, k.resv_map.adds_in_progress, -in_regions_needed);
  return add;
}

/** How many pages of [f, t) are in no region; entries for them are put aside. */
export function region_chg(
  k: Kernel,
  resv: ResvMap,
  f: Long,
  t: Long,
  out_regions_needed: Out<Long>,
): Long {
  const chg: Long = add_reservation_in_range(k, resv, f, t, out_regions_needed);
  if (out_regions_needed.value === 0) out_regions_needed.value = 1;
  if (allocate_file_region_entries(k, resv, out_regions_needed.value) !== 0) return -ENOMEM;
  addLong(k, resv, k.resv_map.adds_in_progress, out_regions_needed.value);
  return chg;
}

/** What region_chg() announced does not come. Left out: the range, which only readers want. */
export function region_abort(k: Kernel, resv: ResvMap, regions_needed: Long): void {
  addLong(k, resv, k.resv_map.adds_in_progress, -regions_needed);
}

/** Takes [f, t) out of all regions; how many pages that were. t = Infinity: everything from f on. */
export function region_del(k: Kernel, resv: ResvMap, f: Long, t: Long): Long {
  const head: ListHead = regionsOf(k, resv);
  const { link } = k.file_region;
  let del: Long = 0;
  for (
    let rg: FileRegion = list_first_entry(k, head, link),
      trg: FileRegion = list_next_entry(k, rg, link);
    !list_entry_is_head(k, rg, head, link);
    rg = trg, trg = list_next_entry(k, trg, link)
  ) {
    if (toOf(k, rg) <= f && (toOf(k, rg) !== fromOf(k, rg) || toOf(k, rg) !== f)) continue;
    if (fromOf(k, rg) >= t) break;

    if (f > fromOf(k, rg) && t < toOf(k, rg)) {
      // A hole in the middle: two regions are left.
      let nrg: FileRegion;
      if (
        longAt(k, resv, k.resv_map.region_cache_count) >
        longAt(k, resv, k.resv_map.adds_in_progress)
      ) {
        nrg = get_file_region_entry_from_cache(k, resv, t, toOf(k, rg));
      } else {
        nrg = kmallocRegion(k);
        if (nrg === NULL) return -ENOMEM;
        setFrom(k, nrg, t);
        setTo(k, nrg, toOf(k, rg));
      }
      del += t - f;
      INIT_LIST_HEAD(k, linkOf(k, nrg));
      setTo(k, rg, f);
      list_add(k, linkOf(k, nrg), linkOf(k, rg));
      break;
    }
    if (f <= fromOf(k, rg) && t >= toOf(k, rg)) {
      del += toOf(k, rg) - fromOf(k, rg);
      list_del(k, linkOf(k, rg));
      kfree(k, k.va_of(rg));
    } else if (f <= fromOf(k, rg)) {
      del += t - fromOf(k, rg);
      setFrom(k, rg, t);
    } else {
      del += toOf(k, rg) - f;
      setTo(k, rg, f);
    }
  }
  return del;
}

/** How many pages of [f, t) are in regions. */
export function region_count(k: Kernel, resv: ResvMap, f: Long, t: Long): Long {
  const head: ListHead = regionsOf(k, resv);
  const { link } = k.file_region;
  let chg: Long = 0;
  for (
    let rg: FileRegion = list_first_entry(k, head, link);
    !list_entry_is_head(k, rg, head, link);
    rg = list_next_entry(k, rg, link)
  ) {
    if (toOf(k, rg) <= f) continue;
    if (fromOf(k, rg) >= t) break;
    chg += Math.min(toOf(k, rg), t) - Math.max(fromOf(k, rg), f);
  }
  return chg;
}

// --- the map -------------------------------------------------------------------------------------------------------------

/** An empty one, with one reference, and one entry put aside; NULL without memory. */
export function resv_map_alloc(k: Kernel): ResvMap {
  const object: VirtAddr = kmalloc(k, k.sizeof.resv_map, k.GFP_KERNEL);
  const rg: FileRegion = kmallocRegion(k);
  if (object === 0 || rg === NULL) {
    if (object !== 0) kfree(k, object);
    if (rg !== NULL) kfree(k, k.va_of(rg));
    return NULL;
  }
  const resv_map: ResvMap = k.cell_at(object);
  k.write(k.plus(resv_map, k.resv_map.refs), 1);
  INIT_LIST_HEAD(k, k.plus(resv_map, k.resv_map.regions));
  // init_rwsem():
  k.write_long(k.plus(resv_map, k.resv_map.rw_sema + k.rw_semaphore.count), 0);
  k.write_long(k.plus(resv_map, k.resv_map.rw_sema + k.rw_semaphore.owner), 0);
  INIT_LIST_HEAD(k, k.plus(resv_map, k.resv_map.rw_sema + k.rw_semaphore.wait_list));
  k.write_long(k.plus(resv_map, k.resv_map.adds_in_progress), 0);
  INIT_LIST_HEAD(k, k.plus(resv_map, k.resv_map.region_cache));
  list_add(k, linkOf(k, rg), k.plus(resv_map, k.resv_map.region_cache));
  k.write_long(k.plus(resv_map, k.resv_map.region_cache_count), 1);
  return resv_map;
}

function resv_map_release(k: Kernel, resv_map: ResvMap): void {
  const head: ListHead = k.plus(resv_map, k.resv_map.region_cache);
  const { link } = k.file_region;
  region_del(k, resv_map, 0, Infinity);
  for (
    let rg: FileRegion = list_first_entry(k, head, link),
      trg: FileRegion = list_next_entry(k, rg, link);
    !list_entry_is_head(k, rg, head, link);
    rg = trg, trg = list_next_entry(k, trg, link)
  ) {
    list_del(k, linkOf(k, rg));
    kfree(k, k.va_of(rg));
  }
  kfree(k, k.va_of(resv_map));
}

/** kref_get(), kref_put() of a map. */
export const getResvMap = (k: Kernel, resv: ResvMap): void => {
  const refs = k.plus(resv, k.resv_map.refs);
  k.write(refs, k.read_int(refs) + 1);
};

export const putResvMap = (k: Kernel, resv: ResvMap): void => {
  const refs = k.plus(resv, k.resv_map.refs);
  k.write(refs, k.read_int(refs) - 1);
  if (k.read_int(refs) === 0) resv_map_release(k, resv);
};
