/**
 * Chunks of per-CPU memory: how much of each is free, and which areas alloc_percpu() has given out.
 *
 *     bound_map   a bit where an area begins, and one behind the last       alloc_map   a bit for each piece of 4 bytes that is taken
 *
 * Source: Linux 6.1 mm/percpu.c, mm/percpu-internal.h: struct pcpu_chunk; mm/percpu-stats.c: chunk_map_stats().
 */
import { PCPU_MIN_ALLOC_SIZE } from '../kernel/include/linux/percpu.h.js';
import { pcpu_chunk_map_bits } from '../kernel/mm/percpu-internal.h.js';
import type { PcpuChunk } from '../machine/ctypes.js';
import { readVirtual } from '../image/assemble.js';
import { asVirt, type VirtAddr } from '../memory/address.js';
import { listEntries } from './slabCaches.js';
import type { StructReader } from './structReader.js';

export interface PerCpuChunk {
  readonly address: VirtAddr;
  readonly base: VirtAddr;
  /** Of one CPU's unit. */
  readonly nrPages: number;
  readonly nrPopulated: number;
  readonly freeBytes: number;
  readonly isFirst: boolean;
}

/** Bytes [start, end) of a unit. */
export interface PerCpuArea {
  readonly start: number;
  readonly end: number;
  readonly used: boolean;
}

/** More than any machine has lists. */
const MAX_SLOTS = 64;
const MAX_CHUNKS = 4096;

/** Those with most room last, as the lists have them; none before the allocator is set up. */
export function perCpuChunks(reader: StructReader): readonly PerCpuChunk[] {
  const { mm, profile } = reader.image;
  const { pcpu_chunk_lists, pcpu_free_slot, pcpu_first_chunk } = mm.globals;
  if (pcpu_chunk_lists === 0 || pcpu_free_slot === 0) return [];
  const lists = mm.read_va(pcpu_chunk_lists);
  const inChunk = reader.offset('pcpu_chunk', 'list');
  if (lists === 0 || inChunk === undefined) return [];
  // Behind the slot of free chunks lies that of chunks which give their pages back.
  const nrSlots = Math.min((mm.words[pcpu_free_slot] ?? 0) + 2, MAX_SLOTS);
  const first = mm.read_va(pcpu_first_chunk);
  return Array.from({ length: nrSlots }, (_, slot) =>
    asVirt(lists + slot * 2 * profile.pointerSize),
  ).flatMap((head) =>
    [...listEntries(reader, head, MAX_CHUNKS)].map((entry): PerCpuChunk => {
      const address = asVirt(entry - inChunk);
      const int = (member: string): number => (reader.uint('pcpu_chunk', member, address) ?? 0) | 0;
      return {
        address,
        base: reader.pointer('pcpu_chunk', 'base_addr', address) ?? asVirt(0),
        nrPages: int('nr_pages'),
        nrPopulated: int('nr_populated'),
        freeBytes: int('free_bytes'),
        isFirst: address === first,
      };
    }),
  );
}

/** By offset; neighbours that are free are one. */
export function areasOfChunk(reader: StructReader, { address }: PerCpuChunk): PerCpuArea[] {
  const { mm } = reader.image;
  const chunk: PcpuChunk = mm.cell_of(address);
  const nrBits = pcpu_chunk_map_bits(mm, chunk);
  const map = (member: string): ((bit: number) => boolean) => {
    const at = reader.pointer('pcpu_chunk', member, address);
    const bytes = at && readVirtual(reader.image, at, Math.ceil((nrBits + 1) / 8));
    return (bit) => ((((bytes || undefined)?.[bit >>> 3] ?? 0) >>> (bit & 7)) & 1) !== 0;
  };
  const taken = map('alloc_map');
  const bound = map('bound_map');
  const areas: PerCpuArea[] = [];
  for (let bit = 0; bit < nrBits;) {
    const from = bit;
    const used = taken(bit);
    do bit++;
    while (bit < nrBits && taken(bit) === used && !(used && bound(bit)));
    areas.push({ start: from * PCPU_MIN_ALLOC_SIZE, end: bit * PCPU_MIN_ALLOC_SIZE, used });
  }
  return areas;
}
