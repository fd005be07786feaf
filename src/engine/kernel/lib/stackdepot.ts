/**
 * Stacks of calls, each kept once, by handle. SLUB notes by them who allocated and who freed an object.
 *
 *     stack_table[hash & mask] -> record -> record -> ...       a record: next | hash | size | handle | entries[size]
 *     stack_slabs[index]       -> blocks of four pages, filled with records one behind the other
 *     handle                   bits 0..15 the block, 16..25 the offset in 16 bytes, 26 valid
 *
 * Source: Linux 6.1 lib/stackdepot.c. Left out: the early table, which slub_debug=U on the command line makes at boot.
 */
import {
  type Gfp,
  type Int,
  NULL,
  type Page,
  type UInt,
  type ULong,
} from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import {
  asVirt,
  type Cell,
  highWord,
  lowWord,
  PAGE_SHIFT,
  PAGE_SIZE,
  type VirtAddr,
} from '../../memory/address.js';
import { WARN } from '../include/asm-generic/bug.h.js';
import { ALIGN } from '../include/linux/align.h.js';
import { ENOMEM } from '../include/linux/errno.h.js';
import { jhash2 } from '../include/linux/jhash.h.js';
import { roundup_pow_of_two } from '../include/linux/log2.h.js';
import { pr_err, pr_info, pr_warn } from '../include/linux/printk.h.js';
import { symbolText } from './vsprintf.js';
import { page_address } from '../mm/highmem/page_address.js';
import { alloc_pages, free_pages } from '../mm/page_alloc/api.js';
import { nr_free_buffer_pages } from '../mm/page_alloc/watermark_setup.js';
import { kvmalloc_node } from '../mm/util.js';

const STACK_ALLOC_ORDER = 2;
const STACK_ALLOC_SIZE = PAGE_SIZE << STACK_ALLOC_ORDER;
const STACK_ALLOC_ALIGN = 4;
const STACK_ALLOC_INDEX_BITS = 16;
const STACK_ALLOC_OFFSET_BITS = STACK_ALLOC_ORDER + PAGE_SHIFT - STACK_ALLOC_ALIGN;
const STACK_ALLOC_VALID = 1 << (STACK_ALLOC_INDEX_BITS + STACK_ALLOC_OFFSET_BITS);
const STACK_ALLOC_MAX_SLABS = 8192;

/** One bucket for 16 KiB of memory, at least 4096, at most 2^20. */
const STACK_HASH_SCALE = 14;
const STACK_HASH_ORDER_MIN = 12;
const STACK_HASH_ORDER_MAX = 20;
const STACK_HASH_SEED = 0x9747b28c;

// --- records -----------------------------------------------------------------------------------------------------------

/** A member of a record, which may straddle frames. */
const recordAt = (k: Kernel, record: VirtAddr, member: number): Cell =>
  k.cell_at(asVirt(record + member * 4));

/** &record->entries[i] */
const entryAt = (k: Kernel, record: VirtAddr, i: Int): Cell =>
  recordAt(k, record, k.stack_record.entries + i * k.ptr_words);

/** &stack_slabs[index] */
const stackSlabAt = (k: Kernel, index: Int): Cell =>
  k.plus(k.globals.stack_slabs, index * k.ptr_words);

/** Keeps a block for records: as the present one, or for later. False: there is none. */
function init_stack_slab(k: Kernel, prealloc: { page: VirtAddr }): boolean {
  if (prealloc.page === 0) return false;
  if (k.words[k.globals.next_slab_inited] !== 0) return true;
  const depot_index: Int = k.words[k.globals.depot_index]!;
  if (k.read_va(stackSlabAt(k, depot_index)) === 0) {
    k.write_va(stackSlabAt(k, depot_index), prealloc.page);
    prealloc.page = asVirt(0);
  } else {
    if (depot_index + 1 < STACK_ALLOC_MAX_SLABS) {
      k.write_va(stackSlabAt(k, depot_index + 1), prealloc.page);
      prealloc.page = asVirt(0);
    }
    k.write(k.globals.next_slab_inited, 1);
  }
  return true;
}

/** A new record; 0 without memory. */
function depot_alloc_stack(
  k: Kernel,
  entries: readonly VirtAddr[],
  size: Int,
  hash: UInt,
  prealloc: { page: VirtAddr },
): VirtAddr {
  const required_size: UInt = ALIGN(
    k.sizeof.stack_record + size * k.ptr_words * 4,
    1 << STACK_ALLOC_ALIGN,
  );

  if (k.read_ulong(k.globals.depot_offset) + required_size > STACK_ALLOC_SIZE) {
    const next: Int = k.words[k.globals.depot_index]! + 1;
    if (next >= STACK_ALLOC_MAX_SLABS) {
      WARN(k, true, 'Stack depot reached limit capacity');
      return asVirt(0);
    }
    k.write(k.globals.depot_index, next);
    k.write_long(k.globals.depot_offset, 0);
    if (next + 1 < STACK_ALLOC_MAX_SLABS) k.write(k.globals.next_slab_inited, 0);
  }
  init_stack_slab(k, prealloc);
  const depot_index: Int = k.words[k.globals.depot_index]!;
  const depot_offset: ULong = k.read_ulong(k.globals.depot_offset);
  const slab: VirtAddr = k.read_va(stackSlabAt(k, depot_index));
  if (slab === 0) return asVirt(0);

  const stack = asVirt(slab + depot_offset);
  k.write(recordAt(k, stack, k.stack_record.hash), hash);
  k.write(recordAt(k, stack, k.stack_record.size), size);
  const offset: UInt = depot_offset >>> STACK_ALLOC_ALIGN;
  const handle: UInt = depot_index | (offset << STACK_ALLOC_INDEX_BITS) | STACK_ALLOC_VALID;
  k.write(recordAt(k, stack, k.stack_record.handle), handle);
  for (let i: Int = 0; i < size; i++) k.write_va(entryAt(k, stack, i), entries[i]!);
  k.write_long(k.globals.depot_offset, depot_offset + required_size);
  return stack;
}

// --- the table ---------------------------------------------------------------------------------------------------------

/** Makes the table, once. 0 or -ENOMEM. Left out: stack_depot_disable, stack_hash_order (KASAN). */
export function stack_depot_init(k: Kernel): Int {
  if (k.read_va(k.globals.stack_table) !== 0) return 0;
  let entries: ULong = roundup_pow_of_two(nr_free_buffer_pages(k));
  entries = Math.floor(entries / 2 ** (STACK_HASH_SCALE - PAGE_SHIFT));
  entries = Math.max(entries, 1 << STACK_HASH_ORDER_MIN);
  entries = Math.min(entries, 1 << STACK_HASH_ORDER_MAX);

  pr_info(k, `Stack Depot allocating hash table of ${entries} entries with kvcalloc`);
  const bytes: ULong = entries * k.ptr_words * 4;
  const table: VirtAddr = kvmalloc_node(k, bytes, k.GFP_KERNEL | k.__GFP_ZERO, k.machine.caller);
  k.write_va(k.globals.stack_table, table);
  k.write(k.globals.stack_hash_mask, entries - 1);
  if (table !== 0) return 0;
  pr_err(k, 'Stack Depot hash table allocation failed, disabling');
  return -ENOMEM;
}

/** The words of a stack's addresses: what its hash is made of. */
const wordsOf = (k: Kernel, entries: readonly VirtAddr[]): Int[] => {
  const words: Int[] = [];
  for (let i = 0; i < entries.length; i++) {
    words.push(lowWord(entries[i]!));
    if (k.wide) words.push(highWord(entries[i]!));
  }
  return words;
};

/** Whether a record has these entries. */
const stackdepot_memcmp = (
  k: Kernel,
  record: VirtAddr,
  entries: readonly VirtAddr[],
  n: Int,
): boolean => {
  for (let i = 0; i < n; i++) if (k.read_va(entryAt(k, record, i)) !== entries[i]) return false;
  return true;
};

/** The record of a stack among those of a bucket; 0: there is none. */
function find_stack(
  k: Kernel,
  bucket: VirtAddr,
  entries: readonly VirtAddr[],
  size: Int,
  hash: UInt,
): VirtAddr {
  for (
    let found = bucket;
    found !== 0;
    found = k.read_va(recordAt(k, found, k.stack_record.next))
  ) {
    if (k.words[recordAt(k, found, k.stack_record.hash)]! >>> 0 !== hash) continue;
    if (k.words[recordAt(k, found, k.stack_record.size)] !== size) continue;
    if (stackdepot_memcmp(k, found, entries, size)) return found;
  }
  return asVirt(0);
}

/** The handle of a stack, which is kept from now on; 0 when there is no memory for it, or no table. Left out: interrupts. */
export function stack_depot_save(k: Kernel, entries: readonly VirtAddr[], alloc_flags: Gfp): UInt {
  const stack_table: VirtAddr = k.read_va(k.globals.stack_table);
  const nr_entries: Int = entries.length;
  if (nr_entries === 0 || stack_table === 0) return 0;

  const hash: UInt = jhash2(wordsOf(k, entries), STACK_HASH_SEED);
  const index: UInt = (hash & k.words[k.globals.stack_hash_mask]!) >>> 0;
  const bucket: Cell = k.cell_at(asVirt(stack_table + index * k.ptr_words * 4));
  let found: VirtAddr = find_stack(k, k.read_va(bucket), entries, nr_entries, hash);
  if (found === 0) {
    const prealloc = { page: asVirt(0) };
    // Before the lock: memory cannot be asked for under it.
    if (k.words[k.globals.next_slab_inited] === 0) {
      // The zone does not matter, but that the caller may not wait does.
      alloc_flags &= ~k.GFP_ZONEMASK;
      alloc_flags &= k.GFP_ATOMIC | k.GFP_KERNEL;
      alloc_flags |= k.__GFP_NOWARN;
      const page: Page = alloc_pages(k, alloc_flags, STACK_ALLOC_ORDER);
      if (page !== NULL) prealloc.page = page_address(k, page);
    }

    found = depot_alloc_stack(k, entries, nr_entries, hash, prealloc);
    if (found !== 0) {
      k.write_va(recordAt(k, found, k.stack_record.next), k.read_va(bucket));
      k.write_va(bucket, found);
    }
    if (prealloc.page !== 0) free_pages(k, prealloc.page, STACK_ALLOC_ORDER);
  }
  return found === 0 ? 0 : k.words[recordAt(k, found, k.stack_record.handle)]! >>> 0;
}

/** A kept stack in the kernel log, a line a call. */
export function stack_depot_print(k: Kernel, stack: UInt): void {
  const index: Int = stack & ((1 << STACK_ALLOC_INDEX_BITS) - 1);
  const offset = (stack >>> STACK_ALLOC_INDEX_BITS) & ((1 << STACK_ALLOC_OFFSET_BITS) - 1);
  const slab: VirtAddr = k.read_va(stackSlabAt(k, index));
  if (slab === 0) return;
  const record = asVirt(slab + (offset << STACK_ALLOC_ALIGN));
  const size: Int = k.words[recordAt(k, record, k.stack_record.size)]!;
  for (let i: Int = 0; i < size; i++)
    pr_warn(k, ` ${symbolText(k, k.read_va(entryAt(k, record, i)))}`);
}
