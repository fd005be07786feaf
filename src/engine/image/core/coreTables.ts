/**
 * The page tables inside a core, before there is an image: where x86_64 kernel addresses lead.
 *
 * The machine that wrote the core is unknown, so nothing is asked of its processor's model: the widest physical addresses,
 * and every page size.
 */
import { asPhys, asVirt, type VirtAddr } from '../../memory/address.js';
import { pagingOf, type Paging } from '../../x86/paging.js';
import { scan } from '../../x86/ranges.js';
import type { CpuFeatures } from '../../x86/registers.js';
import type { TableMemory } from '../../x86/tableMemory.js';
import { walk } from '../../x86/walk.js';
import type { FileMemory } from './fileMemory.js';

/** A run of virtual memory that lies in one piece in physical memory. */
export interface Mapping {
  readonly va: VirtAddr;
  readonly phys: number;
  readonly sizeBytes: number;
}

const ANY_CPU: CpuFeatures = {
  maxPhyAddr: 52,
  pse36: true,
  pdpe1gb: true,
  accessedInPaeTop: true,
};
const PG = 2 ** 31;
const PAE = 1 << 5;
const LME_LMA_NXE = (1 << 8) | (1 << 10) | (1 << 11);

const fourLevels = (cr3: number): Paging =>
  pagingOf({ cr0: PG, cr2: 0, cr3, cr4: PAE, efer: LME_LMA_NXE, eflags: 0, pat: 0n }, ANY_CPU);

const tablesOf = (memory: FileMemory): TableMemory => ({
  readWords: (phys, nrWords) => {
    if (!memory.covers(phys, nrWords * 4)) return undefined;
    return new Int32Array(memory.read(phys, nrWords * 4).buffer);
  },
});

export function translate(memory: FileMemory, cr3: number, va: VirtAddr): number | undefined {
  return walk(fourLevels(cr3), tablesOf(memory), va).page?.phys;
}

/** What is mapped of `[start, start + sizeBytes)`, both whole pages, in order; neighbours that lie together are joined. */
export function mappingsOf(
  memory: FileMemory,
  cr3: number,
  start: VirtAddr,
  sizeBytes: number,
): Mapping[] {
  const found: Mapping[] = [];
  const end = start + sizeBytes;
  const bounds = { first: start, last: asVirt(end - 1) };
  for (const run of scan(fourLevels(cr3), tablesOf(memory), bounds)) {
    if (run.kind !== 'run' || !run.mapped || run.same) continue;
    const before = Math.max(0, start - run.va);
    const va = asVirt(run.va + before);
    const phys = asPhys(run.phys + before);
    const length = Math.min(run.nrEntries * 2 ** run.level.shift - before, end - va);
    const last = found.at(-1);
    if (last && last.va + last.sizeBytes === va && last.phys + last.sizeBytes === phys)
      found[found.length - 1] = { ...last, sizeBytes: last.sizeBytes + length };
    else found.push({ va, phys, sizeBytes: length });
  }
  return found;
}
