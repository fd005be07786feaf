/**
 * The per-CPU allocator of a machine that was rebuilt from dumps, which do not tell its state: one chunk, wholly free, as
 * large as a cache needs that is created then. What was allocated before lies elsewhere.
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_setup_first_chunk(), pcpu_alloc_first_chunk().
 */
import { byteOffset } from '../../types/named.js';
import { bitmap_set } from '../../kernel/lib/bitmap.js';
import { INIT_LIST_HEAD, list_add } from '../../kernel/include/linux/list.h.js';
import type { Kernel } from '../../machine/kernel.js';
import { NULL } from '../../machine/ctypes.js';
import { asCell, asVirt, PAGE_SIZE, type VirtAddr } from '../../memory/address.js';
import type { ObjectMemory } from './objectMemory.js';

const UNIT_PAGES = 32;
const MIN_ALLOC_SIZE = 4;
const BLOCK_BITS = PAGE_SIZE / MIN_ALLOC_SIZE;
/** PCPU_SLOT_BASE_SHIFT */
const SLOT_BASE_SHIFT = 5;

/** What {@link loadPercpu} takes of the memory for objects, with room to spare. */
export const PERCPU_BYTES = (UNIT_PAGES + 4) * PAGE_SIZE;

export function loadPercpu(mm: Kernel, memory: ObjectMemory): void {
  const unitSize = UNIT_PAGES * PAGE_SIZE;
  const unit = memory.take(unitSize, PAGE_SIZE);
  const mapBits = UNIT_PAGES * BLOCK_BITS;
  const slot = 32 - Math.clz32(unitSize) - SLOT_BASE_SHIFT + 2;
  const nrSlots = slot + 4;
  const lists = memory.take(nrSlots * mm.stride.list_head * 4, 64);
  const blockBytes = mm.sizeof.pcpu_block_md;
  const chunkBytes = mm.sizeof.pcpu_chunk + Math.ceil(UNIT_PAGES / 8) + 8;
  const allocMap = memory.take(mapBits / 8, 64);
  const boundMap = memory.take(mapBits / 8 + 8, 64);
  const blocks = memory.take(UNIT_PAGES * blockBytes, 64);
  const chunk = memory.take(chunkBytes, 64);

  const global = (name: string, value: number): void => {
    const at = mm.findSymbol(name);
    if (at !== undefined) mm.write(at, value);
  };
  const pointer = (name: string, va: VirtAddr): void => {
    const at = mm.findSymbol(name);
    if (at !== undefined) mm.write_va(at, va);
  };
  pointer('pcpu_chunk_lists', lists);
  pointer('pcpu_first_chunk', chunk);
  pointer('pcpu_base_addr', mm.smp ? mm.read_va(mm.symbol('__per_cpu_offset')) : unit);
  if (mm.smp) pointer('pcpu_unit_offsets', memory.take(8 * mm.ptr_words * 4, 64));
  global('pcpu_unit_pages', UNIT_PAGES);
  global('pcpu_unit_size', unitSize);
  global('pcpu_nr_units', 1);
  global('pcpu_sidelined_slot', slot + 1);
  global('pcpu_free_slot', slot + 2);
  global('pcpu_to_depopulate_slot', slot + 3);
  global('pcpu_nr_slots', nrSlots);
  global('pcpu_chunk_struct_size', chunkBytes);
  global('pcpu_nr_empty_pop_pages', UNIT_PAGES);
  const populated = mm.findSymbol('pcpu_nr_populated');
  if (populated !== undefined) mm.write_long(populated, UNIT_PAGES);

  for (let i = 0; i < nrSlots; i++)
    INIT_LIST_HEAD(mm, mm.cell_at(asVirt(lists + i * mm.stride.list_head * 4)));
  const at = (member: string): number =>
    mm.cell_at(asVirt(chunk + byteOffset(mm.profile, 'pcpu_chunk', member)));
  mm.write_va(at('base_addr'), unit);
  mm.write_va(at('alloc_map'), allocMap);
  mm.write_va(at('bound_map'), boundMap);
  mm.write_va(at('md_blocks'), blocks);
  mm.write_ptr(at('data'), NULL);
  // immutable, and not isolated: two bools in one word.
  mm.write8(at('immutable'), byteOffset(mm.profile, 'pcpu_chunk', 'immutable') & 3, 1);
  mm.write(at('free_bytes'), unitSize);
  mm.write(at('nr_pages'), UNIT_PAGES);
  mm.write(at('nr_populated'), UNIT_PAGES);
  mm.write(at('nr_empty_pop_pages'), UNIT_PAGES);
  bitmap_set(mm, asVirt(chunk + byteOffset(mm.profile, 'pcpu_chunk', 'populated')), 0, UNIT_PAGES);
  bitmap_set(mm, boundMap, 0, 1);
  bitmap_set(mm, boundMap, mapBits, 1);
  loadBlock(mm, asVirt(chunk + byteOffset(mm.profile, 'pcpu_chunk', 'chunk_md')), mapBits);
  for (let i = 0; i < UNIT_PAGES; i++) loadBlock(mm, asVirt(blocks + i * blockBytes), BLOCK_BITS);
  list_add(
    mm,
    asCell(at('list')),
    mm.cell_at(asVirt(lists + (slot + 2) * mm.stride.list_head * 4)),
  );
}

/** A block of which everything is free. */
function loadBlock(mm: Kernel, block: VirtAddr, nrBits: number): void {
  for (const member of ['contig_hint', 'left_free', 'right_free', 'nr_bits'])
    mm.write(mm.cell_at(asVirt(block + byteOffset(mm.profile, 'pcpu_block_md', member))), nrBits);
}
