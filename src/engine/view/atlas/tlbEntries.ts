/** What the TLB of each CPU holds, and which of it the page tables no longer say. */
import { formatAddress } from '../../memory/address.js';
import { inspected } from '../../x86/tableMemory.js';
import { staleness } from '../../x86/mmu.js';
import type { KernelImage } from '../../image/kernelImage.js';
import { rightsText } from './rightsText.js';
import type { TlbEntryBody } from './virtual.js';

/** By CPU, and by address. */
export function tlbEntries({ mm, nrCpus, profile, memory: physical }: KernelImage): TlbEntryBody[] {
  const memory = inspected(physical);
  return Array.from({ length: nrCpus }, (_, cpu) => cpu).flatMap((cpu) => {
    const { tlb, paging, hasTables } = mm.machine.processor(cpu);
    if (!hasTables) return [];
    return tlb
      .entries()
      .toSorted((a, b) => a.va - b.va)
      .map((entry) => {
        const stale = staleness(paging, memory, entry);
        return {
          cpu,
          first: formatAddress(entry.va, profile.pointerSize),
          pageSize: entry.pageSize,
          phys: `0x${entry.pagePhys.toString(16)}`,
          rights: rightsText(entry.rights),
          user: entry.rights.user,
          global: entry.global,
          ...(stale !== undefined && { stale }),
        };
      });
  });
}
