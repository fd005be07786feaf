/**
 * From a frame back to every virtual address that leads to it.
 *
 * {@link aliasesByScan} looks through the whole address space; {@link FrameIndex} sorts the runs of entries by physical
 * address once and then answers in the time of a binary search. Both give the same; the test holds them to it.
 */
import { asVirt, PAGE_SIZE, type Pfn, type VirtAddr } from '../memory/address.js';
import type { Tape } from '../memory/tape.js';
import type { Rights } from './access.js';
import type { Paging } from './paging.js';
import { scan, vaInRun, type Bounds, type EntryRun } from './ranges.js';
import type { TableMemory } from './tableMemory.js';

export interface Alias {
  /** Of the frame's first byte; inside the page when that is a large one. */
  readonly va: VirtAddr;
  readonly pageSize: number;
  readonly rights: Rights;
}

/** In the order of the address space. */
export function* aliasesByScan(
  paging: Paging,
  memory: TableMemory,
  pfn: Pfn,
): Generator<Alias, void, undefined> {
  for (const found of scan(paging, memory))
    if (found.kind === 'run' && found.mapped) yield* aliasesInRun(found, pfn * PAGE_SIZE);
}

/** Where the physical addresses end that a run maps. */
const endPhys = ({ phys, same, nrEntries, level }: EntryRun): number =>
  phys + (same ? 1 : nrEntries) * 2 ** level.shift;

function* aliasesInRun(run: EntryRun, phys: number): Generator<Alias, void, undefined> {
  const offset = phys - run.phys;
  if (offset < 0 || phys >= endPhys(run)) return;
  const { rights } = run;
  const pageSize = 2 ** run.level.shift;
  if (!run.same) {
    yield { va: asVirt(run.va + offset), pageSize, rights };
    return;
  }
  for (let i = 0; i < run.nrEntries; i++)
    yield { va: asVirt(vaInRun(run, i) + offset), pageSize, rights };
}

/** The aliases of an address space as it was when the index was made. */
export class FrameIndex {
  /** Mapped runs by rising physical address. */
  private readonly runs: readonly EntryRun[];
  /** The furthest end among the runs up to each: left of one that ends before an address none reaches it. */
  private readonly furthestEnd: readonly number[];
  private readonly tableFrames = new Set<number>();

  /** @param bounds the part of the address space that is indexed; all of it when absent */
  constructor(paging: Paging, memory: TableMemory, bounds?: Bounds) {
    const runs: EntryRun[] = [];
    this.addTable(paging.rootPhys);
    for (const found of scan(paging, memory, bounds))
      if (found.kind === 'table') this.addTable(found.phys);
      else if (found.kind === 'run' && found.mapped) runs.push(found);
    this.runs = runs.sort((a, b) => a.phys - b.phys);
    let furthest = 0;
    this.furthestEnd = runs.map((run) => (furthest = Math.max(furthest, endPhys(run))));
  }

  private addTable(phys: number): void {
    this.tableFrames.add(Math.floor(phys / PAGE_SIZE));
  }

  /** Whether a frame holds one of the tables. */
  isTable(pfn: number): boolean {
    return this.tableFrames.has(pfn);
  }

  /** In the order of addresses as numbers. */
  aliasesOf(pfn: Pfn): readonly Alias[] {
    const phys = pfn * PAGE_SIZE;
    const aliases: Alias[] = [];
    for (let i = this.lastAtOrBelow(phys); i >= 0; i--) {
      if ((this.furthestEnd[i] as number) <= phys) break;
      aliases.push(...aliasesInRun(this.runs[i] as EntryRun, phys));
    }
    return aliases.sort((a, b) => a.va - b.va);
  }

  private lastAtOrBelow(phys: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.runs[middle] as EntryRun).phys <= phys) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Whether an entry of the tape in [from, to) changed one of the tables: then the index is to be made again. */
  changedBetween(tape: Pick<Tape, 'memory' | 'searchForward'>, from: number, to: number): boolean {
    const { frameOfSlot } = tape.memory;
    const isTable = (cell: number): boolean => this.tableFrames.has(frameOfSlot[cell >>> 10] ?? -1);
    return tape.searchForward(from, to, isTable) !== undefined;
  }
}
