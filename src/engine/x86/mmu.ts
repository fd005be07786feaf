/**
 * One access of a CPU through its TLB: what the processor does with an address, written down as it writes it down.
 *
 * {@link translate} is the access itself: it sets A and D, fills the TLB, and on a page fault forgets the address. To look at
 * an address without being the CPU use `walk()`.
 *
 * Source: SDM vol. 3A 4.8 (accessed and dirty flags), 4.10.2.2 (what is cached), 4.10.4.1 and 4.10.4.3 (faults from entries
 * that are out of date).
 */
import { asPhys, formatAddress, type PhysAddr, type VirtAddr } from '../memory/address.js';
import { errorCode, violation, type Access } from './access.js';
import type { Level } from './formats.js';
import { offsetInPage, type Paging } from './paging.js';
import type { TableMemory, WritableTableMemory } from './tableMemory.js';
import type { Tlb, TlbEntry } from './tlb.js';
import { setAccessedDirty, walk, type Exception, type PageFault, type Walk } from './walk.js';

export interface Mmu {
  readonly paging: Paging;
  readonly memory: WritableTableMemory;
  readonly tlb: Tlb;
}

export interface Translation {
  /** Undefined when the access does not happen. */
  readonly phys: PhysAddr | undefined;
  /** The entry that answered in place of the tables. */
  readonly hit: TlbEntry | undefined;
  readonly walk: Walk | undefined;
  readonly exception: Exception | undefined;
}

export function translate(mmu: Mmu, va: VirtAddr, access: Access): Translation {
  const { paging, tlb } = mmu;
  const hit = tlb.lookup(paging, va);
  if (hit === undefined) return walked(mmu, va, access);
  const refused = violation(paging, hit.rights, access);
  if (refused !== undefined) {
    tlb.invlpg(paging, va);
    const exception = faultFromTlb(paging, hit, va, access, refused.rule);
    return { phys: undefined, hit, walk: undefined, exception };
  }
  // D is in the tables, not in the TLB: the first write goes there again.
  if (access.kind === 'write' && !hit.dirty) return walked(mmu, va, access);
  const phys = asPhys(hit.pagePhys + offsetInPage(va, hit.pageSize));
  return { phys, hit, walk: undefined, exception: undefined };
}

function walked({ paging, memory, tlb }: Mmu, va: VirtAddr, access: Access): Translation {
  const found = walk(paging, memory, va, access);
  setAccessedDirty(found, access, memory);
  const { page, exception } = found;
  if (exception?.kind === 'page fault') tlb.invlpg(paging, va);
  if (page === undefined || exception !== undefined)
    return { phys: undefined, hit: undefined, walk: found, exception };
  if (found.steps.length > 0) tlb.fill(paging, va, page, page.dirty || access.kind === 'write');
  return { phys: page.phys, hit: undefined, walk: found, exception };
}

function faultFromTlb(
  paging: Paging,
  hit: TlbEntry,
  cr2: VirtAddr,
  access: Access,
  rule: string,
): PageFault {
  const level = paging.levels.find(({ shift }) => 2 ** shift === hit.pageSize) as Level;
  const reason = `${rule}, according to the TLB`;
  const code = errorCode(paging, access, 'violation');
  return { kind: 'page fault', errorCode: code, cr2, level, reason };
}

/**
 * How an entry of the TLB differs from what the tables say now; undefined when it does not, or when it belongs to another
 * address space than `paging`'s.
 */
export function staleness(
  paging: Paging,
  memory: TableMemory,
  entry: TlbEntry,
): string | undefined {
  if (!entry.global && entry.pcid !== paging.pcid) return undefined;
  const { page, exception } = walk(paging, memory, entry.va);
  const address = formatAddress(entry.va, paging.pointerSize);
  if (page === undefined)
    return `the tables no longer map ${address} (${exception?.reason ?? ''}); the TLB still does`;
  const [now, then] = [page.phys, entry.pagePhys].map((phys) => `0x${phys.toString(16)}`);
  if (now !== then)
    return `the tables now map ${address} to ${now}; the TLB still maps it to ${then}`;
  for (const right of ['write', 'user', 'execute'] as const)
    if (page.rights[right] !== entry.rights[right])
      return page.rights[right]
        ? `the tables now allow ${right} at ${address}; the TLB still forbids it`
        : `the tables no longer allow ${right} at ${address}; the TLB still allows it`;
  if (entry.dirty && !page.dirty)
    return `D of ${address} was cleared in the tables, and a write through the TLB will not set it`;
  if (entry.global && !page.global)
    return `the tables no longer map ${address} as global; the TLB still does`;
  return undefined;
}
