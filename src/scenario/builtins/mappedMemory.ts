/** Memory mapped for a short time, memory by its physical address, and what pages of the kernel may be used for. */
import { asPhys, PAGE_SIZE } from '../../engine/memory/address.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsAreas } from './needs.js';
import { sizeOf, va } from './pointers.js';
import { newArea, pagesOf } from './vmalloc.js';

const changes = true;
const needs = needsAreas;

const ram: readonly BuiltinRow[] = [
  {
    signature: 'void *vm_map_ram(struct page **pages, unsigned int count, int node)',
    doc: 'Maps pages side by side for a short time: up to BITS_PER_LONG of them in a block that the CPU keeps for that. NULL if there is no room or no memory.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, array, count) => {
      const nr = Number(count);
      const address = call.kernel.vm_map_ram(call.k, pagesOf(call, array, count), nr);
      return newArea(call, address, nr * PAGE_SIZE);
    },
  },
  {
    signature: 'void vm_unmap_ram(const void *mem, unsigned int count)',
    doc: 'Ends a mapping of vm_map_ram(), of so many pages. Its addresses are used again when all of their block is unmapped, or purged.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, mem, count) => {
      call.ledger.freed('area', mem);
      call.kernel.vm_unmap_ram(call.k, va(mem), Number(count));
    },
  },
];

const remapping: readonly BuiltinRow[] = [
  {
    signature: 'void *memremap(resource_size_t offset, size_t size, unsigned long flags)',
    doc: "Memory by its physical address: the direct map's address of ordinary memory (MEMREMAP_WB), a mapping of anything else. NULL if it cannot be had.",
    changes,
    needs,
    sleeps: 'always',
    run: (call, offset, size, flags) => {
      const { k, kernel, caller } = call;
      const bytes = sizeOf(call, size);
      const address = kernel.memremap(k, asPhys(Number(offset)), bytes, Number(flags), caller);
      return kernel.is_vmalloc_addr(k, address) ? newArea(call, address, bytes) : address;
    },
  },
  {
    signature: 'void memunmap(void *addr)',
    doc: 'Ends a mapping of memremap().',
    changes,
    needs,
    sleeps: 'always',
    run: (call, address) => {
      call.ledger.freed('area', address);
      call.kernel.memunmap(call.k, va(address));
    },
  },
];

// --- rights and caching ----------------------------------------------------------------------------------------------------

type Kind = 'uc' | 'wc' | 'wb' | 'x' | 'nx' | 'ro' | 'rw' | 'np' | '4k' | 'nonglobal' | 'global';

const KINDS: readonly (readonly [Kind, string])[] = [
  ['ro', 'Pages of the kernel may only be read from here on.'],
  ['rw', 'Pages may be written.'],
  ['x', 'Pages may be run: where the processor has the bit.'],
  ['nx', 'Pages must not be run.'],
  ['uc', 'Pages are not cached (UC-).'],
  ['wc', 'Writes to pages may be combined.'],
  ['wb', 'Pages are cached as ordinary memory is.'],
  ['np', 'Pages are not mapped: each access faults.'],
  ['4k', 'Large pages become tables of small ones.'],
  ['nonglobal', 'Pages go from the TLB when cr3 is loaded.'],
  ['global', 'Pages stay in the TLB when cr3 is loaded.'],
];

const SPLITS = ' A large page of which a part changes is split.';

const rights = KINDS.map(([kind, doc]): BuiltinRow => ({
  signature: `int set_memory_${kind}(unsigned long addr, int numpages)`,
  doc: `${doc}${SPLITS} 0 or an error.`,
  changes,
  needs,
  sleeps: 'always',
  run: (call, addr, numpages) =>
    call.kernel[`set_memory_${kind}`](call.k, va(addr), Number(numpages)),
}));

const byPage = (['uc', 'wb', 'ro', 'rw'] as const).map((kind): BuiltinRow => ({
  signature: `int set_pages_${kind}(struct page *page, int numpages)`,
  doc: `Like set_memory_${kind}(), of pages side by side from one on.`,
  changes,
  needs,
  sleeps: 'always',
  run: (call, page, numpages) =>
    call.kernel[`set_pages_${kind}`](call.k, call.page(page), Number(numpages)),
}));

const byArray = (['uc', 'wc', 'wb'] as const).map((kind): BuiltinRow => ({
  signature: `int set_pages_array_${kind}(struct page **pages, int numpages)`,
  doc: `Like set_memory_${kind}(), of pages that need not lie side by side.`,
  changes,
  needs,
  sleeps: 'always',
  run: (call: BuiltinCall, pages, numpages) =>
    call.kernel[`set_pages_array_${kind}`](call.k, pagesOf(call, pages, numpages)),
}));

export const mappedMemory: readonly Builtin[] = [
  ...group('vmalloc', 'mm/vmalloc.c', ram),
  ...group('vmalloc', 'kernel/iomem.c', remapping),
  ...group('page table', 'arch/x86/mm/pat/set_memory.c', [...rights, ...byPage, ...byArray]),
];
