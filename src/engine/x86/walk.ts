/**
 * The page walk: from the root in cr3 down to a page, keeping every entry read on the way, or to the exception that the
 * access raises.
 *
 *     va  | index | index | index | index | offset |
 *            │       │       │       │
 *     cr3 ─> PGD ──> PUD ──> PMD ──> PTE ──> page + offset         levels: formats.ts
 *
 * A walk only reads. What the processor writes on its way is {@link setAccessedDirty}, apart.
 *
 * Invariant: an entry is judged in the order present, reserved bits; rights are judged at the end over all levels together.
 * Source: SDM vol. 3A 4.3 to 4.8; QEMU target/i386/tcg/sysemu/excp_helper.c for its PAE top level. The four entries of that are read from memory at each walk, where a processor keeps those
 * it read when cr3 was loaded (4.4.1); with a reserved bit set, that load is what raises #GP.
 */
import { asPhys, formatAddress, type PhysAddr, type VirtAddr } from '../memory/address.js';
import {
  ALL_RIGHTS,
  errorCode,
  narrowed,
  violation,
  withholds,
  type Access,
  type FaultCause,
  type Rights,
} from './access.js';
import { decode, patIndex, type Entry, type Level } from './formats.js';
import { indexAt, isCanonical, offsetInPage, powerOf2, type Paging } from './paging.js';
import { memoryType, type MemoryType } from './registers.js';
import type { TableMemory, WritableTableMemory } from './tableMemory.js';

export interface WalkStep {
  readonly level: Level;
  readonly tablePhys: PhysAddr;
  readonly index: number;
  readonly entryPhys: PhysAddr;
  readonly entry: Entry;
}

export interface MappedPage {
  /** Physical address of the byte asked for. */
  readonly phys: PhysAddr;
  /** Where the page begins. */
  readonly pagePhys: PhysAddr;
  readonly pageSize: number;
  readonly rights: Rights;
  /** Global, and CR4.PGE lets it be. */
  readonly global: boolean;
  readonly dirty: boolean;
  readonly memoryType: MemoryType | undefined;
}

export interface PageFault {
  readonly kind: 'page fault';
  readonly errorCode: number;
  readonly cr2: VirtAddr;
  /** The level whose entry decides. */
  readonly level: Level;
  readonly reason: string;
}

export type Exception =
  | PageFault
  | { readonly kind: 'general protection'; readonly reason: string }
  /** An entry leads to where no memory answers. A processor would read whatever the bus gives. */
  | { readonly kind: 'no memory'; readonly phys: PhysAddr; readonly reason: string };

export interface Walk {
  readonly va: VirtAddr;
  /** The entries read, from the root down. */
  readonly steps: readonly WalkStep[];
  /** Where the tables lead; there too when the access is refused. */
  readonly page: MappedPage | undefined;
  readonly exception: Exception | undefined;
}

/** A kernel read: what a walk is judged by when nobody says. */
const KERNEL_READ: Access = { kind: 'read', user: false };

/** @param access without it only the translation is asked for, and rights are not judged */
export function walk(paging: Paging, memory: TableMemory, va: VirtAddr, access?: Access): Walk {
  if (paging.mode === 'off') return { va, steps: [], page: identity(va), exception: undefined };
  const steps: WalkStep[] = [];
  if (!isCanonical(paging, va)) {
    const address = formatAddress(va, paging.pointerSize);
    const bits = `bits 63..${paging.addressBits - 1} of ${address} are not all the same`;
    const reason = `not a canonical address: ${bits}`;
    return stopped(va, steps, { kind: 'general protection', reason });
  }
  let tablePhys = paging.rootPhys;
  let rights = ALL_RIGHTS;
  for (const level of paging.levels) {
    const step = readEntry(memory, level, tablePhys, va);
    if (step === undefined) return stopped(va, steps, noMemory(level, tablePhys));
    steps.push(step);
    const { entry } = step;
    if (!entry.present || entry.reservedBits.length > 0)
      return stopped(va, steps, faultIn({ paging, va, access: access ?? KERNEL_READ }, step));
    rights = narrowed(rights, paging, level, entry.low, entry.high);
    if (entry.leaf) {
      const page = pageOf(paging, step, rights, va);
      const exception = access && refusal({ paging, va, access }, steps, step, rights);
      return { va, steps, page, exception };
    }
    tablePhys = entry.phys;
  }
  throw new Error(`the levels of ${paging.mode} do not end in one that maps pages`);
}

const stopped = (va: VirtAddr, steps: readonly WalkStep[], exception: Exception): Walk => ({
  va,
  steps,
  page: undefined,
  exception,
});

function readEntry(
  memory: TableMemory,
  level: Level,
  tablePhys: PhysAddr,
  va: VirtAddr,
): WalkStep | undefined {
  const index = indexAt(level, va);
  const entryPhys = asPhys(tablePhys + index * level.entryBytes);
  const words = memory.readWords(entryPhys, level.entryBytes / 4);
  if (words === undefined) return undefined;
  const entry = decode(level, words[0] ?? 0, words[1] ?? 0);
  return { level, tablePhys, index, entryPhys, entry };
}

/** What is walked for. */
interface Asked {
  readonly paging: Paging;
  readonly va: VirtAddr;
  readonly access: Access;
}

/** What one entry alone raises, which is not present or has reserved bits set. */
function faultIn(asked: Asked, step: WalkStep): Exception {
  const { entry, level } = step;
  if (!entry.present)
    return pageFault(asked, step, 'not present', () => `${stepText(step)} is not present`);
  const bits = entry.reservedBits;
  const which = `${stepText(step)} has reserved ${bits.length === 1 ? 'bit' : 'bits'} ${bits.join(', ')} set`;
  if (level.hasNoRights === true)
    return { kind: 'general protection', reason: `${which}: the processor refuses to load cr3` };
  return pageFault(asked, step, 'reserved bit', () => which);
}

/** What all levels together do not allow. */
function refusal(
  asked: Asked,
  steps: readonly WalkStep[],
  last: WalkStep,
  rights: Rights,
): PageFault | undefined {
  const violated = violation(asked.paging, rights, asked.access);
  if (violated === undefined) return undefined;
  const deciding =
    steps.find(({ level, entry }) => level.hasNoRights !== true && withholds(violated, entry)) ??
    last;
  return pageFault(asked, deciding, 'violation', () => {
    const value = deciding.entry.flags[violated.flag] ? 1 : 0;
    return `${violated.rule}: ${violated.flag} is ${value} in ${stepText(deciding)}`;
  });
}

function pageFault(
  { paging, va, access }: Asked,
  { level }: WalkStep,
  cause: FaultCause,
  reason: () => string,
): PageFault {
  return new Faulted(errorCode(paging, access, cause), va, level, reason);
}

/** Nobody reads why a page was not there, of most: the kernel handles it. */
class Faulted implements PageFault {
  readonly kind = 'page fault';

  constructor(
    readonly errorCode: number,
    readonly cr2: VirtAddr,
    readonly level: Level,
    private readonly why: () => string,
  ) {}

  get reason(): string {
    return this.why();
  }
}

function noMemory({ name }: Level, phys: PhysAddr): Exception {
  const where = `physical 0x${phys.toString(16)}`;
  const reason = `the ${name} table would be at ${where}, where there is no memory`;
  return { kind: 'no memory', phys, reason };
}

function pageOf(
  paging: Paging,
  { level, entry }: WalkStep,
  rights: Rights,
  va: VirtAddr,
): MappedPage {
  return new Mapped(paging, entry, powerOf2(level.shift), rights, va);
}

class Mapped implements MappedPage {
  readonly phys: PhysAddr;
  readonly pagePhys: PhysAddr;
  readonly global: boolean;
  readonly dirty: boolean;

  constructor(
    private readonly paging: Paging,
    private readonly entry: Entry,
    readonly pageSize: number,
    readonly rights: Rights,
    va: VirtAddr,
  ) {
    this.phys = asPhys(entry.phys + offsetInPage(va, pageSize));
    this.pagePhys = entry.phys;
    this.global = paging.globalPages && (entry.low & GLOBAL) !== 0;
    this.dirty = (entry.low & DIRTY) !== 0;
  }

  /** Worked out for those that look at it: no access needs it. */
  get memoryType(): MemoryType | undefined {
    return memoryType(this.paging.pat, patIndex(this.entry));
  }
}

const identity = (va: VirtAddr): MappedPage => ({
  phys: asPhys(va),
  pagePhys: asPhys(Math.floor(va / 4096) * 4096),
  pageSize: 4096,
  rights: ALL_RIGHTS,
  global: false,
  dirty: true,
  memoryType: 'WB',
});

/** `PMD[0x1be]`. */
const stepText = ({ level, index }: WalkStep): string => `${level.name}[0x${index.toString(16)}]`;

const ACCESSED = 1 << 5;
const DIRTY = 1 << 6;
const GLOBAL = 1 << 8;

/**
 * Sets A in the entries used and D in the one that maps the page, as a processor does: on the way down A in each entry that
 * leads on, and the last one's only when the access happens. Returns how many entries changed.
 */
export function setAccessedDirty(
  { steps, page, exception }: Walk,
  access: Access,
  memory: WritableTableMemory,
): number {
  let nrChanged = 0;
  for (const { level, entry, entryPhys } of steps) {
    if (!entry.present || entry.reservedBits.length > 0 || !level.setsAccessed) continue;
    const isLast = entry.leaf;
    if (isLast && (page === undefined || exception !== undefined)) continue;
    const bits = isLast && access.kind === 'write' ? ACCESSED | DIRTY : ACCESSED;
    if ((entry.low & bits) === bits) continue;
    memory.writeWord(entryPhys, entry.low | bits);
    nrChanged++;
  }
  return nrChanged;
}
