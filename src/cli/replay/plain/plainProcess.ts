/**
 * A process on a machine that was rebuilt from the dumps of a trace, which tell of its pages and not of its structures: caches for
 * these, a task that runs, and the guest's program as it lies in memory. What is made for it lies in lent memory; its pages get the
 * frames that the trace shows.
 */
import {
  clear_bit,
  current,
  do_user_addr_fault,
  follow_pte,
  ksys_mmap_pgoff,
  list_del,
  lru_add_drain_all,
  mprotectRange,
  pte_page,
  shmemFileSetup,
  shmemWritePage,
  INIT_LIST_HEAD,
  kmem_cache_alloc,
  startProcess,
  test_bit,
  this_cpu_ptr,
  X86_PF_USER,
  X86_PF_WRITE,
} from '../../../engine/entry/functions.js';
import { kernelRegisters } from '../../../engine/image/boot/registers.js';
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import {
  freshCaches,
  giveNext,
  isSmallForHugePages,
  onLentMemory,
  prepareLists,
  spareObjects,
} from '../../../engine/image/state/index.js';
import { vm_get_page_prot } from '../../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import { native_set_pte } from '../../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import { MA_STATE } from '../../../engine/kernel/include/linux/maple_tree.h.js';
import {
  VM_ACCOUNT,
  VM_DATA_DEFAULT_FLAGS,
  VM_PFNMAP,
  VM_WRITE,
} from '../../../engine/kernel/include/linux/mm_types.h.js';
import { mmTree } from '../../../engine/kernel/mm/mmap/find_vma.js';
import { vm_area_alloc, vma_mas_store } from '../../../engine/kernel/mm/mmap/link.js';
import {
  hugepageParameters,
  hugetlb_init,
} from '../../../engine/kernel/mm/hugetlb/hugetlb_init.js';
import { mas_preallocate } from '../../../engine/kernel/lib/maple_tree/maple_tree.js';
import { folio_mark_accessed } from '../../../engine/kernel/mm/swap/batches.js';
import type { File, MmStruct, TaskStruct } from '../../../engine/machine/ctypes.js';
import { NULL } from '../../../engine/machine/ctypes.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { asCell, asPfn, asPhys, asVirt, PAGE_SIZE } from '../../../engine/memory/address.js';
import { findCache } from '../../../engine/proc/slabCaches.js';
import type { Guest, GuestArea } from './guest.js';

/** What the trace shows of the program's pages. */
export interface Shown {
  /** Frames in the order of {@link Guest.pages}, and of those that it takes next; undefined: these lie in lent memory. */
  readonly frames: readonly number[] | undefined;
  /** Of its file: addresses and frames. */
  readonly text: ReadonlyMap<number, number | undefined>;
  /** Whether transparent huge pages were switched on, however small the machine is. */
  readonly enablesHugePages: boolean;
}

const FILE_BYTES = 1 << 20;
const PROT_READ = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;

/**
 * Gives the pages that were lent.
 * @param prepare what else is made
 */
export function makeProcess(
  image: KernelImage,
  guest: Guest,
  shown: Shown,
  prepare: () => void,
): Set<number> {
  const k = image.mm;
  const { frames } = shown;
  prepareLists(k);
  const root = k.profile.symbol(k.wide ? 'init_top_pgt' : 'swapper_pg_dir')?.address;
  const cr3 = root === undefined ? undefined : k.phys_of(root);
  k.machine.processor(k.cpu).setRegisters(kernelRegisters(image.profile.arch, cr3 ?? asPhys(0)));
  return onLentMemory(image, () => {
    freshCaches(k);
    enableHugePages(k, shown.enablesHugePages);
    hugetlb_init(k, hugepageParameters());
    k.write_ptr(this_cpu_ptr(k, 'current_task'), newTask(k));
    const stack = guest.pages.findIndex((va) => va >= k.TASK_SIZE - PAGE_SIZE);
    const tell: (() => void)[] = [];
    if (frames !== undefined) tell.push(giveNext(k, [frames[stack] ?? 0]));
    if (!startProcess(k)) throw new Error('no memory for a process');
    const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
    mapAreas(k, mm, guest, shown.text);
    const heap = guest.areas.find(({ end }) => end === guest.brk);
    k.write_va(k.plus(mm, k.mm_struct.start_brk), asVirt(heap?.start ?? guest.brk));
    k.write_va(k.plus(mm, k.mm_struct.brk), asVirt(guest.brk));
    if (frames !== undefined)
      tell.push(
        giveNext(
          k,
          frames.filter((_, i) => i !== stack),
        ),
      );
    for (const [i, va] of guest.pages.entries())
      if (i !== stack) do_user_addr_fault(k, mm, X86_PF_USER | X86_PF_WRITE, asVirt(va));
    const [relro, relroEnd] = guest.relro;
    mprotectRange(k, mm, asVirt(relro), relroEnd - relro, PROT_READ);
    for (const va of [...guest.mapped, ...guest.zeros])
      do_user_addr_fault(k, mm, X86_PF_USER, asVirt(va));
    for (const va of shown.text.keys()) do_user_addr_fault(k, mm, X86_PF_USER, asVirt(va));
    prepare();
    spareObjects(k);
    // What waits to be listed must not come behind what the trace tells.
    lru_add_drain_all(k);
    markText(k, mm, guest, shown.text);
    for (const each of tell) each();
  });
}

/** The program's file, with the pages that the trace shows, and its areas. */
function mapAreas(
  k: Kernel,
  mm: MmStruct,
  { areas, text, pages }: Guest,
  shown: ReadonlyMap<number, number | undefined>,
): void {
  const file = shmemFileSetup(k, 'program', FILE_BYTES);
  const inode = k.read_ptr(k.plus(file, k.file.f_inode));
  const write = (va: number): void => {
    shmemWritePage(k, inode, (va - text) / PAGE_SIZE, FILE_BYTES, () => undefined);
  };
  const isOfFile = (va: number): boolean =>
    areas.some(({ start, end, of }) => of === 'file' && va >= start && va < end);
  // What the program has written to was a page of the file before.
  for (const va of pages) if (isOfFile(va)) write(va);
  const known = [...shown].filter(([va]) => isOfFile(va) && !pages.includes(va));
  const placed = known.flatMap(([, pfn]) => (pfn === undefined ? [] : [pfn]));
  giveNext(k, placed);
  // Those of which nobody knows where they are come behind.
  for (const [va, pfn] of known) if (pfn !== undefined) write(va);
  for (const [va, pfn] of known) if (pfn === undefined) write(va);
  const map = (start: number, end: number, prot: number, of: File, at: number): void => {
    ksys_mmap_pgoff(k, mm, asVirt(start), end - start, prot, MAP_PRIVATE | MAP_FIXED, of, at);
  };
  for (const { start, end, prot, of } of areas)
    if (of === 'file') map(start, end, prot, file, (start - text) / PAGE_SIZE);
    else if (of === 'vdso') map(start, end, prot, codeFile(k), 0);
    else insertArea(k, mm, start, end, flagsOf(prot, of));
}

/** Stands for the page of code that the kernel maps into each process: a file of one page. */
function codeFile(k: Kernel): File {
  const file = shmemFileSetup(k, 'vdso', PAGE_SIZE);
  shmemWritePage(k, k.read_ptr(k.plus(file, k.file.f_inode)), 0, PAGE_SIZE, () => undefined);
  return file;
}

/** Pages that the file was written in at once, when the initial root file system was unpacked. */
const PAGES_AT_ONCE = 8;

/** Once to be referenced, once to be active, once to be referenced again. */
const USES_OF_STACK = 3;

/**
 * What its way into memory has left on the file's pages: they were used once, and those that two pieces lie in twice, as was the first, which
 * execve() reads.
 */
function markText(
  k: Kernel,
  mm: MmStruct,
  { text }: Guest,
  shown: ReadonlyMap<number, number | undefined>,
): void {
  // execve() has used the top of the stack before the program did.
  const top = follow_pte(k, mm, asVirt(k.TASK_SIZE - PAGE_SIZE));
  if (top !== NULL)
    for (let i = 0; i < USES_OF_STACK; i++) {
      folio_mark_accessed(k, pte_page(k, k.read_pte(top)));
      lru_add_drain_all(k);
    }
  for (const [va, pfn] of shown) {
    const pte = pfn === undefined ? NULL : follow_pte(k, mm, asVirt(va));
    if (pte === NULL || pte_page(k, k.read_pte(pte)) !== k.pfn_to_page(asPfn(pfn ?? 0))) continue;
    const page = k.pfn_to_page(asPfn(pfn ?? 0));
    const index = (va - text) / PAGE_SIZE;
    folio_mark_accessed(k, page);
    if (index % PAGES_AT_ONCE === PAGES_AT_ONCE - 1 || index === 0) folio_mark_accessed(k, page);
  }
  lru_add_drain_all(k);
}

const flagsOf = (prot: number, of: GuestArea['of']): number =>
  (VM_DATA_DEFAULT_FLAGS & ~(prot === PROT_READ ? VM_WRITE : 0)) |
  (of === 'pfns' ? VM_PFNMAP : prot === PROT_READ ? 0 : VM_ACCOUNT);

/** As execve() leaves it: neighbours are not merged. */
function insertArea(k: Kernel, mm: MmStruct, start: number, end: number, flags: number): void {
  const vma = vm_area_alloc(k, mm);
  const of = k.vm_area_struct;
  k.write_va(k.plus(vma, of.vm_start), asVirt(start));
  k.write_va(k.plus(vma, of.vm_end), asVirt(end));
  k.write_long(k.plus(vma, of.vm_flags), flags);
  k.write_long(k.plus(vma, of.vm_pgoff), start / PAGE_SIZE);
  native_set_pte(k, asCell(k.plus(vma, of.vm_page_prot)), vm_get_page_prot(k, flags));
  const mas = MA_STATE(k, mmTree(k, mm), 0, 0);
  mas_preallocate(k, mas, k.GFP_KERNEL);
  vma_mas_store(k, vma, mas);
}

function newTask(k: Kernel): TaskStruct {
  const cache = k.read_ptr(k.globals.task_struct_cachep);
  const task: TaskStruct = k.cell_at(kmem_cache_alloc(k, cache, k.GFP_KERNEL));
  for (let i = 0; i < k.sizeof.task_struct / 4; i++) k.write(k.plus(task, i), 0);
  k.write(k.plus(task, k.task_struct.pid), 1);
  k.write(k.plus(task, k.task_struct.tgid), 1);
  return task;
}

/** The numbers of the running process as `umm` prints them: what its program has done until then is not performed. */
export function setNumbers(k: Kernel, text: string): void {
  const mm: MmStruct = k.read_ptr(k.plus(current(k), k.task_struct.mm));
  const value = (name: string, radix: number): number =>
    parseInt(new RegExp(` ${name}=([0-9a-f]+)`).exec(text)?.[1] ?? '0', radix);
  const of = k.mm_struct;
  for (const [name, member] of [
    ['total_vm', of.total_vm],
    ['locked', of.locked_vm],
    ['data', of.data_vm],
    ['stack', of.stack_vm],
    ['rss_file', of.rss_stat + k.MM_FILEPAGES * k.ptr_words],
    ['rss_anon', of.rss_stat + k.MM_ANONPAGES * k.ptr_words],
  ] as const)
    k.write_long(k.plus(mm, member), value(name, 16));
  k.write(k.plus(mm, of.map_count), value('map_count', 10));
}

/**
 * SMP: what the process has counted since it began and not yet told its address space, which knows of one page alone: that of the stack,
 * which was there before the program was.
 */
export function setGathered(k: Kernel, nrOtherFaults: number): void {
  if (!k.smp) return;
  const task = current(k);
  const mm: MmStruct = k.read_ptr(k.plus(task, k.task_struct.mm));
  const nrFaults = k.read_long(k.plus(mm, anonAt(k))) - 1 + nrOtherFaults;
  const gathered = k.task_struct.rss_stat;
  k.write(k.plus(task, gathered), nrFaults);
  for (const [kind, nr] of [
    [k.MM_FILEPAGES, 0],
    [k.MM_ANONPAGES, 1],
  ] as const) {
    const at = k.plus(mm, k.mm_struct.rss_stat + kind * k.ptr_words);
    k.write(k.plus(task, gathered + 1 + kind), k.read_long(at) - nr);
    k.write_long(at, nr);
  }
}

const anonAt = (k: Kernel): number => k.mm_struct.rss_stat + k.MM_ANONPAGES * k.ptr_words;

/** Lent pages leave the lists of pages: the recorded ones had others there, which the zones' numbers count. */
export function unlist(k: Kernel, lent: Iterable<number>): void {
  for (const pfn of lent) {
    const page = k.pfn_to_page(asPfn(pfn));
    if (!test_bit(k, k.PG_lru, asCell(page + k.page.flags))) continue;
    list_del(k, asCell(page + k.page.lru));
    clear_bit(k, k.PG_lru, asCell(page + k.page.flags));
  }
}

/** Where madvise() asks for them: CONFIG_TRANSPARENT_HUGEPAGE_MADVISE. */
function enableHugePages(k: Kernel, isSmallToo: boolean): void {
  const flags = k.globals.transparent_hugepage_flags;
  if (flags === NULL) return;
  k.write(flags, 0);
  if (isSmallForHugePages(k) && !isSmallToo) return;
  const bits = [
    k.TRANSPARENT_HUGEPAGE_REQ_MADV_FLAG,
    k.TRANSPARENT_HUGEPAGE_DEFRAG_REQ_MADV_FLAG,
    k.TRANSPARENT_HUGEPAGE_USE_ZERO_PAGE_FLAG,
  ];
  k.write_ptr(k.globals.mm_slot_cache, findCache(k, 'khugepaged_mm_slot'));
  INIT_LIST_HEAD(k, asCell(k.globals.khugepaged_scan + k.khugepaged_scan.mm_head));
  k.write(
    flags,
    bits.reduce((all, bit) => all | (1 << bit), 0),
  );
}
