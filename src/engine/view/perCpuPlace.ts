/**
 * What an address is to the per-CPU allocator: which bytes of a CPU's unit of which chunk, and whether alloc_percpu() has given them
 * out. On SMP a per-CPU pointer is no address: per_cpu_ptr() adds the offset of a CPU to it.
 *
 *     address of CPU n = base_addr of the chunk + pcpu_unit_offsets[n] + offset      pointer = address - pcpu_base_addr + __per_cpu_start
 *
 * Source: Linux 6.1 mm/percpu.c: pcpu_chunk_addr(), __addr_to_pcpu_ptr(); include/linux/percpu-defs.h.
 */
import { asVirt, formatAddress, PAGE_SIZE, type VirtAddr } from '../memory/address.js';
import { areasOfChunk, perCpuChunks, type PerCpuChunk } from './perCpuChunks.js';
import { perCpuOf } from './slabObject.js';
import type { Surveyor, WhereFact } from './whereIs.js';

interface Place {
  readonly chunk: PerCpuChunk;
  readonly index: number;
  /** In a unit. */
  readonly offset: number;
}

/** Of an address in a CPU's unit; empty elsewhere. */
export function perCpuPlace(surveyor: Surveyor, va: VirtAddr): WhereFact[] {
  const { image, reader } = surveyor;
  const offsets = image.profile.smp ? reader.symbol('pcpu_unit_offsets') : undefined;
  const table = offsets === undefined ? undefined : reader.pointerAt(offsets);
  for (let cpu = 0; cpu < image.nrCpus; cpu++) {
    const unit =
      table === undefined
        ? 0
        : (reader.pointerAt(asVirt(table + cpu * image.profile.pointerSize)) ?? 0);
    const place = placeIn(surveyor, asVirt(va - unit));
    if (place !== undefined) return factsOf(surveyor, place, `of CPU ${cpu}'s unit`);
  }
  return [];
}

/** Of a per-CPU pointer of SMP, by the copies that it stands for; empty for one that stands for none. */
export function perCpuPointer(surveyor: Surveyor, pointer: VirtAddr): WhereFact[] {
  const { image, reader } = surveyor;
  if (!image.profile.smp) return [];
  const copies = [...perCpuOf(reader, pointer)];
  const place = copies[0] && placeIn(surveyor, copies[0].at);
  if (place === undefined) return [];
  const { pointerSize } = image.profile;
  return [
    ...factsOf(surveyor, place, "of each CPU's unit"),
    ...copies.map(({ cpu, at }) => ({ name: `CPU ${cpu}`, value: formatAddress(at, pointerSize) })),
  ];
}

function placeIn({ reader }: Surveyor, inFirstUnit: VirtAddr): Place | undefined {
  for (const [index, chunk] of perCpuChunks(reader).entries()) {
    const offset = inFirstUnit - chunk.base;
    if (offset >= 0 && offset < chunk.nrPages * PAGE_SIZE) return { chunk, index, offset };
  }
  return undefined;
}

function factsOf(surveyor: Surveyor, { chunk, index, offset }: Place, whose: string): WhereFact[] {
  const area = areasOfChunk(surveyor.reader, chunk).find(
    ({ start, end }) => offset >= start && offset < end,
  );
  const what =
    area === undefined
      ? `byte ${offset}`
      : `bytes ${area.start}–${area.end} ${whose}, ${area.used ? 'allocated' : 'free'}`;
  const by = area && surveyor.allocations?.perCpu(pointerTo(surveyor, chunk, area.start));
  return [
    { name: 'per-CPU memory', value: `${what}, chunk ${index}` },
    ...(by === undefined ? [] : [{ name: 'allocated', value: by }]),
  ];
}

/** What alloc_percpu() has returned for an area. */
function pointerTo({ image, reader }: Surveyor, chunk: PerCpuChunk, start: number): VirtAddr {
  const address = chunk.base + start;
  if (!image.profile.smp) return asVirt(address);
  const base = reader.symbol('pcpu_base_addr');
  const first = image.profile.symbol('__per_cpu_start')?.address ?? 0;
  return asVirt(address - ((base && reader.pointerAt(base)) ?? 0) + first);
}
