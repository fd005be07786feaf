/**
 * What a recorded state does not tell, and calls cannot do without: it is made anew before anything runs.
 *
 *     page tables     those that boot makes, with the slots of kmap()     (recordedBoot.ts)
 *     caches          those that this build makes, with some objects
 *     areas           of vmalloc space: none is in use
 *     pools           of huge pages: empty
 *
 * Invariant: zones, their lists and their page sets stay as recorded. What is made lies in the frames of the kernel's text, which hold nothing
 * here (lentMemory.ts).
 */
import {
  INIT_LIST_HEAD,
  kmem_cache_create,
  nr_cpu_ids,
  per_cpu,
  slab_is_available,
} from '../../entry/functions.js';
import { hugetlb_init, hugepageParameters } from '../../kernel/mm/hugetlb/hugetlb_init.js';
import { splitQueue } from '../../kernel/mm/huge_memory/huge_memory.js';
import { preallocate_vmalloc_pages } from '../../kernel/arch/x86/mm/init_64.js';
import { folio_lruvec } from '../../kernel/mm/swap/lruvec.js';
import { writeByte } from '../../kernel/lib/string.js';
import { vmalloc_init, vmap_init_free_space } from '../../kernel/mm/vmalloc/vmalloc_init.js';
import { type ListHead, NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asCell, asVirt, PAGE_SIZE } from '../../memory/address.js';
import { findCache } from '../../proc/slabCaches.js';
import { VARIABLES } from '../boot/growth.js';
import type { KernelImage, Unrecorded } from '../kernelImage.js';
import { freshCaches } from './freshCaches.js';
import { onLentMemory } from './lentMemory.js';
import { writeBootTables, type RecordedBoot } from './recordedBoot.js';
import { SPARE_FOR_AREAS, spareObjects, spareSizes } from './spareObjects.js';

/** @param boot what boot made of the machine; undefined where the state does not agree with it: then only caches can be made */
export function unrecordedOf(image: KernelImage, boot: RecordedBoot | undefined): Unrecorded {
  const made: string[] = [];
  let isMade = false;
  const make = (): void => {
    if (isMade) return;
    isMade = true;
    const { recording } = image.tape;
    image.tape.setRecording(false);
    made.push(...makeAnew(image, boot));
    image.tape.setRecording(recording);
  };
  return { make, made };
}

/** @returns what was made */
function makeAnew(image: KernelImage, boot: RecordedBoot | undefined): string[] {
  const { mm: k } = image;
  prepareLists(k);
  const hadTables = k.machine.processor(k.cpu).hasTables;
  const hadCaches = slab_is_available(k);
  const hadAreas = k.words[k.globals.vmap_area_list] !== 0;
  if (!hadTables && boot !== undefined) writeBootTables(image, boot);
  const hasTables = hadTables || boot !== undefined;
  const lent = onLentMemory(image, () => {
    if (!hadTables && hasTables && k.wide) preallocate_vmalloc_pages(k);
    if (hadCaches) nameCaches(k);
    else makeCaches(k, hasTables && !hadAreas);
    if (hadCaches && hasTables && !hadAreas) noAreas(k);
    if (k.words[k.globals.hugetlb_max_hstate] === 0) hugetlb_init(k, hugepageParameters());
  });
  if (hasTables) makeWritable(image, lent);
  return [
    ...(hasTables && !hadTables ? ['page tables'] : []),
    ...(hadCaches ? [] : ['slab caches']),
    ...(hasTables && !hadAreas ? ['vmalloc areas'] : []),
  ];
}

/**
 * Objects lie where the kernel's text was, which boot has made read-only: the entry that maps each page in the direct map, be it of a large
 * page, lets it be written to.
 */
function makeWritable({ mm, memory, tape }: KernelImage, pfns: Iterable<number>): void {
  const RW = 2;
  for (const pfn of pfns) {
    const va = asVirt(mm.linear.pageOffset + pfn * PAGE_SIZE);
    const leaf = mm.machine.processor(mm.cpu).walk(va).steps.at(-1);
    if (leaf === undefined) continue;
    const at = memory.cell(leaf.entryPhys);
    tape.write(at, (memory.words[at] ?? 0) | RW);
  }
}

/** @param withAreas vmalloc space is to be empty; else its areas are told, and the cache that they are of is made */
function makeCaches(k: Kernel, withAreas: boolean): void {
  const vmap_area = (): void => {
    const name = k.machine.literal('vmap_area');
    const align = k.ptr_words * 4;
    const cache = kmem_cache_create(k, name, k.sizeof.vmap_area, align, k.SLAB_PANIC);
    k.write_ptr(k.globals.vmap_area_cachep, cache);
  };
  freshCaches(k, { vmap_area: withAreas ? () => vmalloc_init(k) : vmap_area });
  const { transparent_hugepage_flags } = k.globals;
  if (transparent_hugepage_flags !== NULL && isSmallForHugePages(k))
    k.write_long(transparent_hugepage_flags, 0);
  spareObjects(k, SPARE_FOR_AREAS);
  spareObjects(k);
  spareSizes(k);
}

/** Vmalloc space without areas, where the cache that these are of is there: the rest of vmalloc_init(). */
function noAreas(k: Kernel): void {
  const { vmap_area_list, free_vmap_area_list, purge_vmap_area_list } = k.globals;
  for (const head of [vmap_area_list, free_vmap_area_list, purge_vmap_area_list])
    INIT_LIST_HEAD(k, head);
  for (let cpu = 0; cpu < nr_cpu_ids(k); cpu++)
    INIT_LIST_HEAD(k, asCell(per_cpu(k, 'vmap_block_queue', cpu) + k.vmap_block_queue.free));
  vmap_init_free_space(k);
  const vmap_initialized = k.profile.symbol('vmap_initialized')?.address;
  if (vmap_initialized !== undefined) writeByte(k, vmap_initialized, 1);
}

/** Lists that a state says nothing of are empty. */
export function prepareLists(k: Kernel): void {
  const lruvec = folio_lruvec(k);
  const heads: ListHead[] = Array.from({ length: k.NR_LRU_LISTS }, (_, lru) =>
    asCell(lruvec + k.lruvec.lists + lru * k.stride.list_head),
  );
  const { huge_boot_pages, pgd_list, transparent_hugepage_flags } = k.globals;
  heads.push(huge_boot_pages, pgd_list);
  if (transparent_hugepage_flags !== NULL) heads.push(splitQueue(k));
  for (const head of heads) if (head !== NULL && k.read_ptr(head) === NULL) INIT_LIST_HEAD(k, head);
}

/** Caches of a dump are known by their names alone. */
function nameCaches(k: Kernel): void {
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const at = k.findSymbol(variable);
    if (at !== undefined && k.read_ptr(at) === NULL) k.write_ptr(at, findCache(k, name));
  }
}

/** hugepage_init(): with less memory, what huge pages waste would hurt more than they help. */
const HUGEPAGE_LEAST_BYTES = 512 * 2 ** 20;

export function isSmallForHugePages(k: Kernel): boolean {
  const managed = k.zones.reduce((sum, zone) => sum + k.read_ulong(zone + k.zone.managed_pages), 0);
  return managed * PAGE_SIZE < HUGEPAGE_LEAST_BYTES;
}
