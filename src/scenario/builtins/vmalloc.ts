/** Memory that is contiguous in virtual addresses only, mappings of pages side by side, and devices. */
import type { PteVal } from '../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import type { Page } from '../../engine/machine/ctypes.js';
import { asPhys, PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import { counted } from '../../engine/view/counted.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { entryBits } from './entryValues.js';
import { needsAreas, needsCaches } from './needs.js';
import { checkRoom, objectAt, sizeOf, truth, va } from './pointers.js';

const changes = true;
const needs = needsAreas;

export const newArea = (call: BuiltinCall, address: VirtAddr, sizeBytes: number): Value => {
  if (address !== 0) call.ledger.allocated({ kind: 'area', address, sizeBytes });
  return address;
};

// --- vmalloc ---------------------------------------------------------------------------------------------------------------

/** @param flags what __vmalloc() is given; `size` is the first argument of every call */
const allocating = (
  signature: string,
  doc: string,
  flags: (call: BuiltinCall, gfp: Value) => number,
  sleeps: 'always' | number = 'always',
): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs,
  sleeps,
  run: (call, size, gfp = 0) => {
    const bytes = sizeOf(call, size);
    const { k, kernel, caller } = call;
    return newArea(call, kernel.__vmalloc(k, bytes, flags(call, gfp), caller), bytes);
  },
});

/** What processes may map. */
const userAllocating = (name: 'vmalloc_user' | 'vmalloc_32_user', doc: string): BuiltinRow => ({
  signature: `void *${name}(unsigned long size)`,
  doc,
  changes,
  needs,
  sleeps: 'always',
  run: (call, size) => {
    const bytes = sizeOf(call, size);
    return newArea(call, call.kernel[name](call.k, bytes, call.caller), bytes);
  },
});

/** n * size, and whether an unsigned long holds it. */
const product = (call: BuiltinCall, n: Value, size: Value): number | undefined => {
  const bytes = sizeOf(call, n) * sizeOf(call, size);
  return bytes < 2 ** (call.profile.pointerSize * 8) ? bytes : undefined;
};

const arrays =
  (zero: boolean): BuiltinRow['run'] =>
  (call, n, size) => {
    const bytes = product(call, n, size);
    if (bytes === undefined) return 0;
    const gfp = call.k.GFP_KERNEL | (zero ? call.k.__GFP_ZERO : 0);
    return newArea(call, call.kernel.__vmalloc(call.k, bytes, gfp, call.caller), bytes);
  };

const allocations: readonly BuiltinRow[] = [
  allocating(
    'void *vmalloc(unsigned long size)',
    'Allocates pages one by one and maps them side by side, with a guard page behind them; NULL if there is no room or no memory.',
    ({ k }) => k.GFP_KERNEL,
  ),
  allocating(
    'void *vzalloc(unsigned long size)',
    'Like vmalloc; the memory is zero.',
    ({ k }) => k.GFP_KERNEL | k.__GFP_ZERO,
  ),
  allocating(
    'void *vmalloc_node(unsigned long size, int node)',
    'Like vmalloc; there is one node.',
    ({ k }) => k.GFP_KERNEL,
  ),
  allocating(
    'void *vzalloc_node(unsigned long size, int node)',
    'Like vzalloc; there is one node.',
    ({ k }) => k.GFP_KERNEL | k.__GFP_ZERO,
  ),
  allocating(
    'void *vmalloc_32(unsigned long size)',
    'Like vmalloc, with pages that 32 bits can address.',
    ({ k }) => k.GFP_KERNEL | k.__GFP_DMA32,
  ),
  userAllocating('vmalloc_user', 'Like vzalloc, and a process may map it: remap_vmalloc_range().'),
  userAllocating('vmalloc_32_user', 'Like vmalloc_user, with pages that 32 bits can address.'),
  allocating(
    'void *__vmalloc(unsigned long size, gfp_t gfp_mask)',
    'vmalloc with flags of your own.',
    (_call, gfp) => Number(gfp),
    1,
  ),
  {
    signature: 'void *vmalloc_huge(unsigned long size, gfp_t gfp_mask)',
    doc: 'Like __vmalloc, in huge pages where the build and the size allow it.',
    changes,
    needs,
    sleeps: 1,
    run: (call, size, gfp) => {
      const bytes = sizeOf(call, size);
      const { k, kernel, caller } = call;
      return newArea(call, kernel.vmalloc_huge(k, bytes, Number(gfp), caller), bytes);
    },
  },
  {
    signature: 'void *vmalloc_array(size_t n, size_t size)',
    doc: 'Like vmalloc, for n elements of size bytes; NULL if that overflows.',
    changes,
    needs,
    sleeps: 'always',
    run: arrays(false),
  },
  {
    signature: 'void *vcalloc(size_t n, size_t size)',
    doc: 'Like vmalloc_array; the memory is zero.',
    changes,
    needs,
    sleeps: 'always',
    run: arrays(true),
  },
  {
    signature: 'void vfree(const void *addr)',
    doc: 'Frees what vmalloc() gave; does nothing for NULL. The addresses are used again only after a purge.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, address) => {
      call.ledger.freed('area', address);
      call.kernel.vfree(call.k, va(address));
    },
  },
];

// --- vmap ------------------------------------------------------------------------------------------------------------------

export function pagesOf(call: BuiltinCall, array: Value, count: Value): Page[] {
  const size = call.profile.pointerSize;
  const nr = Number(count);
  // More pages than the machine has: vmap() itself refuses them.
  const known = Math.min(nr, call.k.memmap.endPfn);
  return Array.from({ length: known }, (_, i) =>
    call.page(call.memory.load(call.offset(array, i * size), size)),
  );
}

const mappings: readonly BuiltinRow[] = [
  {
    signature:
      'void *vmap(struct page **pages, unsigned int count, unsigned long flags, pgprotval_t prot)',
    doc: 'Maps pages side by side; flags is VM_MAP, prot PAGE_KERNEL. NULL if there is no room or no memory.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, array, count, flags, prot) => {
      const pages = pagesOf(call, array, count);
      const bits: PteVal = entryBits(call, prot);
      const { k, kernel, caller } = call;
      const nr = Number(count);
      const address = kernel.vmap(k, pages, nr, Number(flags), bits, caller);
      return newArea(call, address, nr * PAGE_SIZE);
    },
  },
  {
    signature: 'void vunmap(const void *addr)',
    doc: 'Ends a mapping of vmap(); the pages stay with their owner.',
    changes,
    needs,
    sleeps: 'always',
    run: (call, address) => {
      call.ledger.freed('area', address);
      call.kernel.vunmap(call.k, va(address));
    },
  },
  {
    signature: 'void vm_unmap_aliases(void)',
    doc: 'Gives the addresses of all freed areas back now: flushes the TLB and purges them.',
    changes,
    needs,
    run: (call) => {
      call.kernel.vm_unmap_aliases(call.k);
    },
  },
  {
    signature: 'struct vm_struct *find_vm_area(const void *addr)',
    doc: 'The area that an address of vmalloc space is the beginning of, or lies in; NULL if there is none.',
    needs,
    run: (call, address) => call.pointer(call.kernel.find_vm_area(call.k, va(address))),
  },
  {
    signature: 'struct page *vmalloc_to_page(const void *vmalloc_addr)',
    doc: 'The page mapped at an address in vmalloc space, found in the page tables; NULL if there is none.',
    run: (call, address) => call.pointer(call.kernel.vmalloc_to_page(call.k, va(address))),
  },
  {
    signature: 'unsigned long vmalloc_nr_pages(void)',
    doc: 'Pages that vmalloc() has given out: VmallocUsed of /proc/meminfo.',
    run: (call) => call.k.read_ulong(call.k.globals.nr_vmalloc_pages),
  },
];

// --- kvmalloc --------------------------------------------------------------------------------------------------------------

/** Of kmalloc() or of vmalloc(): the ledger knows it by where it lies. */
function newMemory(call: BuiltinCall, address: VirtAddr, sizeBytes: number): Value {
  if (address === 0) return address;
  const kind = call.kernel.is_vmalloc_addr(call.k, address) ? 'area' : 'object';
  call.ledger.allocated({ kind, address, sizeBytes });
  return address;
}

const kvmalloc = (call: BuiltinCall, bytes: number | undefined, flags: number): Value => {
  if (bytes === undefined) return 0;
  return newMemory(call, call.kernel.kvmalloc_node(call.k, bytes, flags, call.caller), bytes);
};

const kvAllocating = (
  signature: string,
  doc: string,
  sleeps: number,
  run: BuiltinRow['run'],
): BuiltinRow => ({ signature, doc, changes, needs: needsCaches, sleeps, run });

const one =
  (zero: boolean): BuiltinRow['run'] =>
  (call, size, flags) =>
    kvmalloc(call, sizeOf(call, size), Number(flags) | (zero ? call.k.__GFP_ZERO : 0));

const many =
  (zero: boolean): BuiltinRow['run'] =>
  (call, n, size, flags) =>
    kvmalloc(call, product(call, n, size), Number(flags) | (zero ? call.k.__GFP_ZERO : 0));

function kvfree(call: BuiltinCall, pointer: Value, free: (address: VirtAddr) => void): void {
  const isArea = call.kernel.is_vmalloc_addr(call.k, va(pointer));
  const address = isArea ? va(pointer) : objectAt(call, pointer);
  call.ledger.freed(isArea ? 'area' : 'object', address);
  free(address);
}

const either: readonly BuiltinRow[] = [
  kvAllocating(
    'void *kvmalloc(size_t size, gfp_t flags)',
    'kmalloc(), or vmalloc() if that has no contiguous memory.',
    1,
    one(false),
  ),
  kvAllocating(
    'void *kvmalloc_node(size_t size, gfp_t flags, int node)',
    'Like kvmalloc; there is one node.',
    1,
    one(false),
  ),
  kvAllocating(
    'void *kvzalloc(size_t size, gfp_t flags)',
    'Like kvmalloc; the memory is zero.',
    1,
    one(true),
  ),
  kvAllocating(
    'void *kvmalloc_array(size_t n, size_t size, gfp_t flags)',
    'Like kvmalloc, for n elements of size bytes.',
    2,
    many(false),
  ),
  kvAllocating(
    'void *kvcalloc(size_t n, size_t size, gfp_t flags)',
    'Like kvmalloc_array; the memory is zero.',
    2,
    many(true),
  ),
  {
    signature: 'void kvfree(const void *addr)',
    doc: 'Frees what kvmalloc(), kmalloc() or vmalloc() gave.',
    changes,
    needs: needsCaches,
    run: (call, pointer) => {
      kvfree(call, pointer, (address) => {
        call.kernel.kvfree(call.k, address);
      });
    },
  },
  {
    signature: 'void kvfree_sensitive(const void *addr, size_t len)',
    doc: 'Like kvfree; overwrites len bytes with zeros before.',
    changes,
    needs: needsCaches,
    run: (call, pointer, length) => {
      if (pointer === 0) return;
      const bytes = sizeOf(call, length);
      checkRoom(call, pointer, bytes);
      call.memory.writeBytes(pointer, new Uint8Array(bytes));
      kvfree(call, pointer, (address) => {
        call.kernel.kvfree(call.k, address);
      });
    },
  },
];

// --- ioremap ---------------------------------------------------------------------------------------------------------------

const mapping = (
  signature: string,
  doc: string,
  mode: (call: BuiltinCall) => number,
): BuiltinRow => ({
  signature,
  doc,
  changes,
  needs,
  sleeps: 'always',
  run: (call, phys, size) => {
    const { k, kernel, caller } = call;
    const bytes = sizeOf(call, size);
    const address = kernel.__ioremap_caller(k, asPhys(Number(phys)), bytes, mode(call), caller);
    return newArea(call, address, bytes);
  },
});

const devices: readonly BuiltinRow[] = [
  mapping(
    'void *ioremap(phys_addr_t offset, unsigned long size)',
    'Maps the registers of a device, not cached; NULL for ordinary memory.',
    ({ kernel }) => kernel._PAGE_CACHE_MODE_UC_MINUS,
  ),
  mapping(
    'void *ioremap_uc(phys_addr_t offset, unsigned long size)',
    'Like ioremap, and no MTRR makes it write-combining.',
    ({ kernel }) => kernel._PAGE_CACHE_MODE_UC,
  ),
  mapping(
    'void *ioremap_wc(phys_addr_t phys_addr, unsigned long size)',
    'Like ioremap; writes may be combined.',
    ({ kernel }) => kernel._PAGE_CACHE_MODE_WC,
  ),
  mapping(
    'void *ioremap_wt(phys_addr_t phys_addr, unsigned long size)',
    'Like ioremap; reads are cached, writes go through.',
    ({ kernel }) => kernel._PAGE_CACHE_MODE_WT,
  ),
  mapping(
    'void *ioremap_cache(phys_addr_t phys_addr, unsigned long size)',
    'Like ioremap, cached.',
    ({ kernel }) => kernel._PAGE_CACHE_MODE_WB,
  ),
  {
    signature: 'void iounmap(volatile void *addr)',
    doc: 'Ends a mapping of ioremap().',
    changes,
    needs,
    sleeps: 'always',
    run: (call, address) => {
      call.ledger.freed('area', address);
      call.kernel.iounmap(call.k, va(address));
    },
  },
  ...([8, 16, 32] as const).flatMap((bits): BuiltinRow[] => {
    const [suffix, bytes] = ({ 8: ['b', 1], 16: ['w', 2], 32: ['l', 4] } as const)[bits];
    return [
      {
        signature: `u${bits} read${suffix}(const volatile void *addr)`,
        doc: `Reads a device register of ${counted(bits, 'bit')}.`,
        run: (call, address) => call.memory.load(address, bytes),
      },
      {
        signature: `void write${suffix}(u${bits} value, volatile void *addr)`,
        doc: `Writes a device register of ${counted(bits, 'bit')}.`,
        changes,
        run: (call, value, address) => {
          call.memory.store(address, bytes, value);
        },
      },
    ];
  }),
];

export const vmallocs: readonly Builtin[] = [
  ...group('vmalloc', 'mm/vmalloc.c', [...allocations, ...mappings]),
  ...group('vmalloc', 'mm/util.c', either),
  ...group('vmalloc', 'arch/x86/include/asm/io.h', devices),
  ...group('vmalloc', 'include/linux/mm.h', [
    {
      signature: 'bool is_vmalloc_addr(const void *x)',
      doc: 'Whether an address lies in vmalloc space.',
      run: (call, address) => truth(call.addressKind(address) === 'vmalloc'),
    },
  ]),
];
