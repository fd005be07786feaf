/**
 * Where the fields of the per-CPU allocator's structures lie, in words (`_bytes`: in bytes), and its globals. Made when the
 * first per-CPU area is asked for: not every image has the allocator's memory.
 */
import type { Cell } from '../memory/address.js';
import type { Mm } from './mm.js';

export class PercpuLayout {
  readonly list: number;
  readonly free_bytes: number;
  readonly chunk_md: number;
  readonly base_addr: number;
  readonly alloc_map: number;
  readonly bound_map: number;
  readonly md_blocks: number;
  readonly data: number;
  readonly isolated_bytes: number;
  readonly start_offset: number;
  readonly end_offset: number;
  readonly nr_pages: number;
  readonly nr_populated: number;
  readonly nr_empty_pop_pages: number;
  readonly populated: number;

  // struct pcpu_block_md
  readonly scan_hint: number;
  readonly scan_hint_start: number;
  readonly contig_hint: number;
  readonly contig_hint_start: number;
  readonly left_free: number;
  readonly right_free: number;
  readonly first_free: number;
  readonly nr_bits: number;
  readonly block_md_words: number;
  readonly block_md_bytes: number;

  readonly pcpu_chunk_lists: Cell;
  /** The pointer, not the chunk. */
  readonly pcpu_reserved_chunk: Cell;
  readonly pcpu_first_chunk: Cell;
  readonly pcpu_nr_empty_pop_pages: Cell;
  readonly pcpu_nr_populated: Cell;
  /** SMP: the array. */
  readonly pcpu_unit_offsets: Cell;
  readonly pcpu_unit_size: number;
  readonly pcpu_unit_pages: number;
  readonly pcpu_free_slot: number;
  readonly pcpu_to_depopulate_slot: number;
  readonly pcpu_chunk_struct_size: number;

  constructor(k: Mm) {
    const chunk = (member: string): number => k.offset('pcpu_chunk', member);
    const md = (member: string): number => k.offset('pcpu_block_md', member);
    const int = (name: string): number => k.words[k.symbol(name)] as number;
    this.list = chunk('list');
    this.free_bytes = chunk('free_bytes');
    this.chunk_md = chunk('chunk_md');
    this.base_addr = chunk('base_addr');
    this.alloc_map = chunk('alloc_map');
    this.bound_map = chunk('bound_map');
    this.md_blocks = chunk('md_blocks');
    this.data = chunk('data');
    this.isolated_bytes = k.byteOffset('pcpu_chunk', 'isolated');
    this.start_offset = chunk('start_offset');
    this.end_offset = chunk('end_offset');
    this.nr_pages = chunk('nr_pages');
    this.nr_populated = chunk('nr_populated');
    this.nr_empty_pop_pages = chunk('nr_empty_pop_pages');
    this.populated = chunk('populated');

    this.scan_hint = md('scan_hint');
    this.scan_hint_start = md('scan_hint_start');
    this.contig_hint = md('contig_hint');
    this.contig_hint_start = md('contig_hint_start');
    this.left_free = md('left_free');
    this.right_free = md('right_free');
    this.first_free = md('first_free');
    this.nr_bits = md('nr_bits');
    this.block_md_bytes = k.sizeBytes('pcpu_block_md');
    this.block_md_words = this.block_md_bytes / 4;

    this.pcpu_chunk_lists = k.read_ptr(k.symbol('pcpu_chunk_lists'));
    this.pcpu_reserved_chunk = k.symbol('pcpu_reserved_chunk');
    this.pcpu_first_chunk = k.read_ptr(k.symbol('pcpu_first_chunk'));
    this.pcpu_nr_empty_pop_pages = k.symbol('pcpu_nr_empty_pop_pages');
    this.pcpu_nr_populated = k.symbol('pcpu_nr_populated');
    this.pcpu_unit_offsets = k.read_ptr(k.symbol('pcpu_unit_offsets'));
    this.pcpu_unit_size = int('pcpu_unit_size');
    this.pcpu_unit_pages = int('pcpu_unit_pages');
    this.pcpu_free_slot = int('pcpu_free_slot');
    this.pcpu_to_depopulate_slot = int('pcpu_to_depopulate_slot');
    this.pcpu_chunk_struct_size = int('pcpu_chunk_struct_size');
  }
}
