/**
 * Pools of huge pages as boot makes them: one for each page size, filled with what the command line asks for.
 *
 *     default_hugepagesz=2M hugepages=8       the default pool
 *     hugepagesz=2M hugepages=8               the pool of that size: a number belongs to the size before it
 *
 * What the command line has said is kept until hugetlb_init(), which knows all pools; in Linux, too, it is data of boot alone.
 *
 * Gigantic pages are boot's own allocator's to give, at the moment that the command line asks for them (bootmem.ts).
 *
 * Left out: numbers by node (`0:8`), what boot reports of pools, cgroups.
 * Source: Linux 6.1 mm/hugetlb.c: hugetlb_add_hstate() to default_hugepagesz_setup(), hugetlb_init(), hugetlb_init_hstates(),
 * hugetlb_hstate_alloc_pages(); include/linux/hugetlb.h: hstate_index(); kernel/locking/mutex.c: __mutex_init();
 * lib/string_helpers.c: string_get_size().
 */
import { type Hstate, type Int, NULL, type Order, type ULong } from '../../../machine/ctypes.js';
import type { Kernel } from '../../../machine/kernel.js';
import { isDecimal } from '../../../machine/numberText.js';
import {
  asCell,
  asVirt,
  type Cell,
  PAGE_SHIFT,
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
} from '../../../memory/address.js';
import { num_possible_cpus } from '../../include/linux/cpumask.h.js';
import {
  default_hstate,
  hstate_index,
  hstate_is_gigantic,
  hstateCount,
  huge_page_order,
  huge_page_size,
  size_to_hstate,
} from '../../include/linux/hugetlb.h.js';
import { INIT_LIST_HEAD } from '../../include/linux/list.h.js';
import { pr_err, pr_warn } from '../../include/linux/printk.h.js';
import { writeByte } from '../../lib/string.js';
import { kfree, kmalloc } from '../slab_common/kmalloc.js';
import { __alloc_bootmem_huge_page, gather_bootmem_prealloc } from './bootmem.js';
import { alloc_pool_huge_page } from './pool.js';

/** What the command line has said so far: variables of boot. */
export interface HugepageParameters {
  /** The pool that a number belongs to; NULL: none was named yet. */
  parsed_hstate: Hstate;
  parsed_valid_hugepagesz: boolean;
  parsed_default_hugepagesz: boolean;
  /** A number without a size before it. */
  default_hstate_max_huge_pages: ULong;
  /** Whose number was given last: a second one is an error. */
  last_mhp: Hstate | 'default' | undefined;
  /** What boot's allocator will give, if it is asked. */
  readonly bootPages: PhysAddr[];
}

export const hugepageParameters = (bootPages: readonly PhysAddr[] = []): HugepageParameters => ({
  parsed_hstate: NULL,
  parsed_valid_hugepagesz: true,
  parsed_default_hugepagesz: false,
  default_hstate_max_huge_pages: 0,
  last_mhp: undefined,
  bootPages: [...bootPages],
});

/** arch_hugetlb_valid_size() is the processor's: its file needs hugetlb_add_hstate(). */
type IsValidSize = (k: Kernel, size: ULong) => boolean;

const maxHugePages = (k: Kernel, h: Hstate): ULong => hstateCount(k, h, k.hstate.max_huge_pages);
const setMaxHugePages = (k: Kernel, h: Hstate, count: ULong): void =>
  k.write_long(h + k.hstate.max_huge_pages, count);

/** The size as Linux prints it: `2.00 MiB`. */
const sizeName = (k: Kernel, h: Hstate): string => {
  const mib = huge_page_size(k, h) / 2 ** 20;
  return mib >= 1024 ? `${(mib / 1024).toFixed(2)} GiB` : `${mib.toFixed(2)} MiB`;
};

// --- a pool --------------------------------------------------------------------------------------------------------------

function __mutex_init(k: Kernel, lock: Cell): void {
  k.write_long(lock + k.mutex.owner, 0);
  INIT_LIST_HEAD(k, k.plus(lock, k.mutex.wait_list));
}

/** A pool of a page size, empty; the one there is stays. */
export function hugetlb_add_hstate(k: Kernel, order: Order, parameters: HugepageParameters): void {
  if (size_to_hstate(k, PAGE_SIZE * 2 ** order) !== NULL) return;
  const nr: Int = k.words[k.globals.hugetlb_max_hstate]!;
  k.write(k.globals.hugetlb_max_hstate, nr + 1);
  const h: Hstate = k.globals.hstates + nr * k.stride.hstate;
  __mutex_init(k, asCell(h + k.hstate.resize_lock));
  k.write(h + k.hstate.order, order);
  k.write_long(h + k.hstate.mask, -(PAGE_SIZE * 2 ** order));
  INIT_LIST_HEAD(k, h + k.hstate.hugepage_freelists);
  INIT_LIST_HEAD(k, h + k.hstate.hugepage_activelist);
  // first_memory_node: the one there is
  k.write(h + k.hstate.next_nid_to_alloc, 0);
  k.write(h + k.hstate.next_nid_to_free, 0);
  const name = `hugepages-${huge_page_size(k, h) / 1024}kB`;
  const at: VirtAddr = asVirt(k.va_of(asCell(h)) + k.hstate.name);
  for (let i = 0; i <= name.length; i++)
    writeByte(k, asVirt(at + i), i < name.length ? name.charCodeAt(i) : 0);
  parameters.parsed_hstate = h;
}

// --- the command line ----------------------------------------------------------------------------------------------------

/** hugepages=N */
export function hugepages_setup(k: Kernel, s: string, parameters: HugepageParameters): void {
  if (!parameters.parsed_valid_hugepagesz) {
    pr_warn(k, `HugeTLB: hugepages=${s} does not follow a valid hugepagesz, ignoring`);
    parameters.parsed_valid_hugepagesz = true;
    return;
  }
  // Without a size so far: of whatever will be the default one.
  const isDefault = k.words[k.globals.hugetlb_max_hstate] === 0;
  const mhp = isDefault ? 'default' : parameters.parsed_hstate;
  if (mhp === parameters.last_mhp) {
    pr_warn(
      k,
      `HugeTLB: hugepages= specified twice without interleaving hugepagesz=, ignoring hugepages=${s}`,
    );
    return;
  }
  if (!isDecimal(s)) {
    pr_warn(k, `HugeTLB: Invalid hugepages parameter ${s}`);
    return;
  }
  if (mhp === 'default') parameters.default_hstate_max_huge_pages = Number(s);
  else setMaxHugePages(k, mhp, Number(s));
  // hugetlb_init() will do it for all others.
  const parsed: Hstate = parameters.parsed_hstate;
  if (!isDefault && hstate_is_gigantic(k, parsed))
    hugetlb_hstate_alloc_pages(k, parsed, parameters);
  parameters.last_mhp = mhp;
}

/** hugepagesz=SIZE: the next number is of that size. */
export function hugepagesz_setup(
  k: Kernel,
  s: string,
  size: ULong,
  parameters: HugepageParameters,
  arch_hugetlb_valid_size: IsValidSize,
): void {
  parameters.parsed_valid_hugepagesz = false;
  if (!arch_hugetlb_valid_size(k, size)) {
    pr_err(k, `HugeTLB: unsupported hugepagesz=${s}`);
    return;
  }
  const h: Hstate = size_to_hstate(k, size);
  if (h !== NULL) {
    // Of the default size a number may still follow, if it has none.
    const isDefault = parameters.parsed_default_hugepagesz && h === default_hstate(k);
    if (!isDefault || maxHugePages(k, h) !== 0) {
      pr_warn(k, `HugeTLB: hugepagesz=${s} specified twice, ignoring`);
      return;
    }
    parameters.parsed_hstate = h;
  } else {
    hugetlb_add_hstate(k, Math.log2(size) - PAGE_SHIFT, parameters);
  }
  parameters.parsed_valid_hugepagesz = true;
}

/** default_hugepagesz=SIZE: what is meant where nobody names a size. */
export function default_hugepagesz_setup(
  k: Kernel,
  s: string,
  size: ULong,
  parameters: HugepageParameters,
  arch_hugetlb_valid_size: IsValidSize,
): void {
  parameters.parsed_valid_hugepagesz = false;
  if (parameters.parsed_default_hugepagesz) {
    pr_err(k, `HugeTLB: default_hugepagesz previously specified, ignoring ${s}`);
    return;
  }
  if (!arch_hugetlb_valid_size(k, size)) {
    pr_err(k, `HugeTLB: unsupported default_hugepagesz=${s}`);
    return;
  }
  hugetlb_add_hstate(k, Math.log2(size) - PAGE_SHIFT, parameters);
  parameters.parsed_valid_hugepagesz = true;
  parameters.parsed_default_hugepagesz = true;
  k.write(k.globals.default_hstate_idx, hstate_index(k, size_to_hstate(k, size)));
  // A number that came first was meant for this size.
  if (parameters.default_hstate_max_huge_pages !== 0) {
    setMaxHugePages(k, default_hstate(k), parameters.default_hstate_max_huge_pages);
    const h: Hstate = default_hstate(k);
    if (hstate_is_gigantic(k, h)) hugetlb_hstate_alloc_pages(k, h, parameters);
    parameters.default_hstate_max_huge_pages = 0;
  }
}

// --- the initcall --------------------------------------------------------------------------------------------------------

function hugetlb_hstate_alloc_pages(k: Kernel, h: Hstate, parameters: HugepageParameters): void {
  const isGigantic = hstate_is_gigantic(k, h);
  if (isGigantic && k.globals.hugetlb_cma !== NULL && k.read_ptr(k.globals.hugetlb_cma) !== NULL) {
    pr_warn(k, 'HugeTLB: hugetlb_cma is enabled, skip boot time allocation');
    return;
  }
  const count: ULong = maxHugePages(k, h);
  if (count === 0) return;
  // Which nodes had no memory: a nodemask_t that one node needs nothing of. There are no objects yet when gigantic pages are taken.
  const node_alloc_noretry: VirtAddr = isGigantic
    ? asVirt(0)
    : kmalloc(k, k.ptr_words * 4, k.GFP_KERNEL);
  const given = parameters.bootPages;
  let i: ULong = 0;
  for (; i < count; i++)
    if (isGigantic ? __alloc_bootmem_huge_page(k, h, given) === 0 : !alloc_pool_huge_page(k, h))
      break;
  if (i < count) {
    pr_warn(
      k,
      `HugeTLB: allocating ${count} of page size ${sizeName(k, h)} failed.  Only allocated ${i} hugepages.`,
    );
    setMaxHugePages(k, h, i);
  }
  if (node_alloc_noretry !== 0) kfree(k, node_alloc_noretry);
}

function hugetlb_init_hstates(k: Kernel, parameters: HugepageParameters): void {
  const nr: Int = k.words[k.globals.hugetlb_max_hstate]!;
  const hstateAt = (i: Int): Hstate => k.globals.hstates + i * k.stride.hstate;
  for (let i = 0; i < nr; i++) {
    const h: Hstate = hstateAt(i);
    if (!hstate_is_gigantic(k, h)) hugetlb_hstate_alloc_pages(k, h, parameters);
    // What a page of this size may be broken into: the next smaller one.
    for (let j = 0; j < nr; j++) {
      const order: Order = huge_page_order(k, hstateAt(j));
      if (order < huge_page_order(k, h) && order > k.words[h + k.hstate.demote_order]!)
        k.write(h + k.hstate.demote_order, order);
    }
  }
}

/** Behind it there is a pool of each size, the default one among them, and memory for faults to keep out of each other's way. */
export function hugetlb_init(k: Kernel, parameters: HugepageParameters): void {
  // HUGETLB_PAGE_ORDER
  const order: Order = k.PMD_SHIFT - PAGE_SHIFT;
  hugetlb_add_hstate(k, order, parameters);
  if (!parameters.parsed_default_hugepagesz) {
    k.write(
      k.globals.default_hstate_idx,
      hstate_index(k, size_to_hstate(k, PAGE_SIZE * 2 ** order)),
    );
    const count: ULong = parameters.default_hstate_max_huge_pages;
    if (count !== 0) {
      const h: Hstate = default_hstate(k);
      if (maxHugePages(k, h) !== 0) {
        pr_warn(
          k,
          `HugeTLB: Ignoring hugepages=${maxHugePages(k, h)} associated with ${sizeName(k, h)} page size`,
        );
        pr_warn(k, `HugeTLB: Using hugepages=${count} for number of default huge pages`);
      }
      setMaxHugePages(k, h, count);
    }
  }
  hugetlb_init_hstates(k, parameters);
  gather_bootmem_prealloc(k);

  // One for each CPU and eight times more, so that faults seldom wait for each other.
  const num_fault_mutexes: Int = k.smp ? 2 ** Math.ceil(Math.log2(8 * num_possible_cpus(k))) : 1;
  k.write(k.globals.num_fault_mutexes, num_fault_mutexes);
  // kmalloc_array():
  const table: VirtAddr = kmalloc(k, num_fault_mutexes * k.sizeof.mutex, k.GFP_KERNEL);
  k.write_va(k.globals.hugetlb_fault_mutex_table, table);
  for (let i = 0; i < num_fault_mutexes; i++)
    __mutex_init(k, k.cell_at(asVirt(table + i * k.sizeof.mutex)));
}
