/**
 * The little page walking that opening a core needs: x86_64 page tables read straight from the file.
 *
 *     va  47    39 38    30 29    21 20    12 11     0
 *          PML4 i   PDPT i    PD i     PT i    offset      9 bits an index; PS (bit 7) in PDPT or PD ends the walk
 *
 * Source: SDM vol. 3A 4.5.
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { FileMemory } from './fileMemory.js';

const PRESENT = 1n;
const PAGE_SIZE_BIT = 1n << 7n;
const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;
/** Bytes that one entry maps: levels 4 (PML4), 3, 2, 1 (PT). */
const SPAN = [0, 0x1000, 0x20_0000, 0x4000_0000, 0x80_0000_0000] as const;

/** A run of virtual memory that lies in one piece in physical memory. */
export interface Mapping {
  readonly va: VirtAddr;
  readonly phys: number;
  readonly sizeBytes: number;
}

/** From `va` to the end of the entry that decides about it; `phys` undefined: not mapped. */
interface Step {
  readonly phys: number | undefined;
  readonly sizeBytes: number;
}

/** `cr3` may carry flags. */
function walk(memory: FileMemory, cr3: number, va: VirtAddr): Step {
  let table = Number(BigInt(cr3) & ADDRESS_MASK);
  for (let level = 4; ; level--) {
    const span = SPAN[level] as number;
    const within = va - Math.floor(va / span) * span;
    const entry = memory.word64(table + (Math.floor(va / span) & 511) * 8);
    if ((entry & PRESENT) === 0n) return { phys: undefined, sizeBytes: span - within };
    const base = Number(entry & ADDRESS_MASK);
    if (level === 1 || (level < 4 && (entry & PAGE_SIZE_BIT) !== 0n))
      return { phys: base - (base % span) + within, sizeBytes: span - within };
    table = base;
  }
}

export function translate(memory: FileMemory, cr3: number, va: VirtAddr): number | undefined {
  return walk(memory, cr3, va).phys;
}

/** What is mapped of `[start, start + sizeBytes)`, in order, neighbours that lie together in memory joined. */
export function mappingsOf(
  memory: FileMemory,
  cr3: number,
  start: VirtAddr,
  sizeBytes: number,
): Mapping[] {
  const found: Mapping[] = [];
  const end = start + sizeBytes;
  for (let va: number = start; va < end;) {
    const step = walk(memory, cr3, asVirt(va));
    const length = Math.min(step.sizeBytes, end - va);
    const last = found.at(-1);
    if (step.phys !== undefined) {
      if (last && last.va + last.sizeBytes === va && last.phys + last.sizeBytes === step.phys)
        found[found.length - 1] = { ...last, sizeBytes: last.sizeBytes + length };
      else found.push({ va: asVirt(va), phys: step.phys, sizeBytes: length });
    }
    va += length;
  }
  return found;
}
