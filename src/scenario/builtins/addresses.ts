/** From page frame numbers to pages, physical and virtual addresses, and back. */
import { asPfn, asVirt, fromWords, PAGE_SIZE } from '../../engine/memory/address.js';
import type { AddressUse } from '../../engine/view/addressVerdict.js';
import { operation, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin } from './builtin.js';
import type { BuiltinCall } from './call.js';

/** Address of `struct page` of pfn 0. */
function memmapBase({ k }: BuiltinCall): number {
  const { baseLow, baseHigh } = k.memmap;
  return k.wide ? fromWords(baseLow, baseHigh) : baseLow >>> 0;
}

/** Pure arithmetic, as in the kernel: a wild pointer gives a wild number. */
export function page_to_pfn(call: BuiltinCall, page: Value): Value {
  const bytes = Number(page) - memmapBase(call);
  const pfn = Math.floor(bytes / (call.k.memmap.page_words * 4));
  return call.unsignedLong(pfn);
}

/** Pure arithmetic, too. */
export function pfn_to_page(call: BuiltinCall, pfn: Value): Value {
  const bytes = operation('*', 'u64')(pfn, call.k.memmap.page_words * 4) ?? 0;
  return call.offset(memmapBase(call), bytes);
}

/** The arithmetic of __pa(), and the verdict when the address has no business there. */
export function physOf(call: BuiltinCall, use: AddressUse, address: Value): Value {
  call.judge(use, address);
  return call.unsignedLong(virt_to_phys(call, address));
}

function virt_to_phys({ k }: BuiltinCall, address: Value): number {
  const va = Number(address);
  const { kernelMap, pageOffset } = k.linear;
  const image = kernelMap?.start;
  if (kernelMap !== undefined && image !== undefined && va < 0 && va >= image)
    return va - image + kernelMap.startFrame * PAGE_SIZE;
  return va - pageOffset;
}

export const addresses: readonly Builtin[] = [
  ...group('address', 'include/asm-generic/memory_model.h', [
    {
      signature: 'unsigned long page_to_pfn(const struct page *page)',
      doc: 'The page frame number of a page.',
      run: (call, page) => {
        call.judge('page_to_pfn', page);
        return page_to_pfn(call, page);
      },
    },
    {
      signature: 'struct page *pfn_to_page(unsigned long pfn)',
      doc: 'The struct page of a page frame number. The number is not checked: see pfn_valid.',
      run: (call, pfn) => {
        call.judge('pfn_to_page', pfn);
        return pfn_to_page(call, pfn);
      },
    },
    {
      signature: 'int pfn_valid(unsigned long pfn)',
      doc: 'Whether a page frame has a struct page.',
      run: (call, pfn) => (call.k.memmap.pfn_valid(asPfn(Number(pfn))) ? 1 : 0),
    },
  ]),
  ...group('address', 'arch/x86/include/asm/io.h', [
    {
      signature: 'phys_addr_t page_to_phys(const struct page *page)',
      doc: 'The physical address of a page.',
      run: (call, page) => {
        call.judge('page_to_phys', page);
        return Number(page_to_pfn(call, page)) * PAGE_SIZE;
      },
    },
    {
      signature: 'phys_addr_t virt_to_phys(const void *address)',
      doc: 'The physical address of an address in the direct map or the kernel image.',
      run: (call, address) => physOf(call, 'virt_to_phys', address),
    },
    {
      signature: 'void *phys_to_virt(phys_addr_t address)',
      doc: 'The address in the direct map of a physical address.',
      run: (call, address) => {
        call.judge('phys_to_virt', address);
        return call.offset(call.k.linear.pageOffset, address);
      },
    },
  ]),
  ...group('address', 'arch/x86/include/asm/page.h', [
    {
      signature: 'unsigned long __phys_addr(unsigned long x)',
      doc: 'The function behind __pa(): the physical address of an address in the direct map or the kernel image.',
      run: (call, address) => physOf(call, '__pa', address),
    },
  ]),
  ...group('address', 'arch/x86/mm/pat/set_memory.c', [
    {
      signature: 'phys_addr_t slow_virt_to_phys(void *address)',
      doc: 'The physical address of any mapped kernel address, found in the page tables.',
      run: (call, address) => {
        const phys = call.kernel.slow_virt_to_phys(call.k, asVirt(Number(address)));
        return phys ?? call.bug(`kernel BUG at slow_virt_to_phys(): nothing is mapped there`);
      },
    },
  ]),
  ...group('address', 'mm/vmalloc.c', [
    {
      signature: 'unsigned long vmalloc_to_pfn(const void *vmalloc_addr)',
      doc: 'The page frame mapped at an address in vmalloc space, found in the page tables.',
      run: (call, address) =>
        page_to_pfn(
          call,
          call.pointer(call.kernel.vmalloc_to_page(call.k, asVirt(Number(address)))),
        ),
    },
  ]),
  ...group('address', 'include/linux/mm.h', [
    {
      signature: 'void *page_address(const struct page *page)',
      doc: 'The linear address of a page; NULL for a highmem page that is not mapped.',
      run: (call, page) => call.kernel.page_address(call.k, call.page(page)),
    },
  ]),
  ...group('address', 'arch/x86/mm/physaddr.c', [
    {
      signature: 'bool __virt_addr_valid(unsigned long x)',
      doc: 'Whether an address lies in the direct map or the kernel image and has a page.',
      run: (call, x) => {
        const cell = typeof x === 'number' ? call.kernel.virt_to_page(call.k, asVirt(x)) : 0;
        return cell === 0 || call.k.memmap.contains(asVirt(Number(x))) ? 0 : 1;
      },
    },
  ]),
];
