/** Mappings of single pages: kmap() and the nested ones of a CPU, and what is done to pages through them. */
import { PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import type { Page } from '../../engine/machine/ctypes.js';
import { counted } from '../../engine/view/counted.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { entryBits } from './entryValues.js';
import { needsPkmap } from './needs.js';
import { sizeOf, truth, va } from './pointers.js';

const changes = true;

const pkmap: readonly BuiltinRow[] = [
  {
    signature: 'void *kmap(struct page *page)',
    doc: 'The address of a page; a highmem page gets a slot of the pkmap table, and the call waits while all are in use.',
    changes,
    needs: needsPkmap,
    sleeps: 'always',
    run: (call, page) => {
      const cell = call.page(page);
      const address = call.kernel.kmap(call.k, cell);
      if (address !== 0) return address;
      return { blocked: { kind: 'kmap slot', address: call.k.va_of(cell) } };
    },
  },
  {
    signature: 'void kunmap(struct page *page)',
    doc: 'Ends a use of a mapping of kmap(); takes the page. The slot stays mapped until the table is full.',
    changes,
    needs: needsPkmap,
    sleeps: 'always',
    run: (call, page) => {
      call.kernel.kunmap(call.k, call.page(page));
    },
  },
  {
    signature: 'void *kmap_high_get(struct page *page)',
    doc: 'Takes a use of the slot that has a highmem page; NULL if none has it. x86 kernels do not build it.',
    changes,
    needs: needsPkmap,
    run: (call, page) => call.kernel.kmap_high_get(call.k, call.page(page)),
  },
  {
    signature: 'struct page *kmap_to_page(void *addr)',
    doc: 'The page that is mapped at an address of kmap() or kmap_local_page().',
    run: (call, address) => {
      call.memory.load(address, 1);
      return call.pointer(call.kernel.__kmap_to_page(call.k, va(address)));
    },
  },
  {
    signature: 'void kmap_flush_unused(void)',
    doc: 'Frees every pkmap slot that nobody uses, and flushes the TLB.',
    changes,
    needs: needsPkmap,
    run: (call) => {
      call.kernel.__kmap_flush_unused(call.k);
    },
  },
];

/** kmap_atomic() disables preemption, too: whoever sleeps before kunmap_atomic() is told. */
function mapAtomic(call: BuiltinCall, map: (page: Page) => VirtAddr, page: Value): Value {
  const cell = call.page(page);
  call.context.preemptCount++;
  return map(cell);
}

const nested: readonly BuiltinRow[] = [
  {
    signature: 'void *kmap_local_page(struct page *page)',
    doc: 'The address of a page, for this task and until kunmap_local(), in reverse order; a highmem page gets the next fixmap slot of the CPU.',
    changes,
    run: (call, page) => call.kernel.kmap_local_page(call.k, call.page(page)),
  },
  {
    signature: 'void *kmap_local_pfn(unsigned long pfn)',
    doc: 'Like kmap_local_page, for a frame that need not have a struct page.',
    changes,
    run: (call, pfn) => call.kernel.kmap_local_pfn(call.k, Number(pfn)),
  },
  {
    signature: 'void *kmap_local_page_prot(struct page *page, pgprotval_t prot)',
    doc: 'Like kmap_local_page, with a protection such as PAGE_KERNEL_RO.',
    changes,
    run: (call, page, prot) =>
      call.kernel.__kmap_local_page_prot(call.k, call.page(page), entryBits(call, prot)),
  },
  {
    signature: 'void kunmap_local(const void *addr)',
    doc: 'Ends the innermost mapping of kmap_local_page(); warns if it is not that one.',
    changes,
    run: (call, address) => {
      call.kernel.kunmap_local(call.k, va(address));
    },
  },
  {
    signature: 'void *kmap_atomic(struct page *page)',
    doc: 'Like kmap_local_page; until kunmap_atomic() the task must not sleep, and page faults are not served.',
    changes,
    run: (call, page) => mapAtomic(call, (cell) => call.kernel.kmap_atomic(call.k, cell), page),
  },
  {
    signature: 'void *kmap_atomic_prot(struct page *page, pgprotval_t prot)',
    doc: 'Like kmap_atomic, with a protection such as PAGE_KERNEL_RO.',
    changes,
    run: (call, page, prot) => {
      const bits = entryBits(call, prot);
      return mapAtomic(call, (cell) => call.kernel.kmap_atomic_prot(call.k, cell, bits), page);
    },
  },
  {
    signature: 'void kunmap_atomic(const void *addr)',
    doc: 'Ends the innermost mapping of kmap_atomic(); warns if it is not that one.',
    changes,
    run: (call, address) => {
      call.kernel.kunmap_atomic(call.k, va(address));
      call.context.preemptCount--;
    },
  },
];

// --- contents ----------------------------------------------------------------------------------------------------------------

/** Does something with pages through mappings that are gone again afterwards. */
function mapped(
  call: BuiltinCall,
  pages: readonly Value[],
  action: (...at: Value[]) => void,
): void {
  const { k, kernel } = call;
  const addresses = pages.map((page) => kernel.kmap_local_page(k, call.page(page)));
  action(...addresses);
  for (const address of addresses.toReversed()) kernel.kunmap_local(k, address);
}

/** A stretch of one page; the kernel's VM_BUG_ON() says no more. */
function checkedStretch(call: BuiltinCall, offset: Value, length: Value): number {
  const [from, bytes] = [sizeOf(call, offset), sizeOf(call, length)];
  if (from + bytes > PAGE_SIZE)
    call.bug(`BUG: ${counted(bytes, 'byte')} from offset ${from} on are not in one page`);
  return bytes;
}

function copy(call: BuiltinCall, to: Value, from: Value, bytes: number): void {
  const source = call.memory.readBytes(from, bytes).slice();
  if (source.length < bytes) call.memory.load(call.offset(from, source.length), 1);
  call.memory.writeBytes(to, source);
}

const contents: readonly BuiltinRow[] = [
  {
    signature: 'void clear_highpage(struct page *page)',
    doc: 'Fills a page with zeros.',
    changes,
    run: (call, page) => {
      call.kernel.clear_highpage(call.k, call.page(page));
    },
  },
  {
    signature: 'void copy_highpage(struct page *to, struct page *from)',
    doc: 'Copies a page.',
    changes,
    run: (call, to, from) => {
      mapped(call, [from, to], (source = 0, target = 0) => {
        copy(call, target, source, PAGE_SIZE);
      });
    },
  },
  {
    signature:
      'void memcpy_page(struct page *dst_page, size_t dst_off, struct page *src_page, size_t src_off, size_t len)',
    doc: 'Copies part of a page to another.',
    changes,
    run: (call, to, toOffset, from, fromOffset, length) => {
      checkedStretch(call, toOffset, length);
      const bytes = checkedStretch(call, fromOffset, length);
      mapped(call, [to, from], (target = 0, source = 0) => {
        copy(call, call.offset(target, toOffset), call.offset(source, fromOffset), bytes);
      });
    },
  },
  {
    signature:
      'void memcpy_to_page(struct page *page, size_t offset, const char *from, size_t len)',
    doc: 'Copies memory to a part of a page.',
    changes,
    run: (call, page, offset, from, length) => {
      const bytes = checkedStretch(call, offset, length);
      mapped(call, [page], (at = 0) => {
        copy(call, call.offset(at, offset), from, bytes);
      });
    },
  },
  {
    signature: 'void memcpy_from_page(char *to, struct page *page, size_t offset, size_t len)',
    doc: 'Copies a part of a page to memory.',
    changes,
    run: (call, to, page, offset, length) => {
      const bytes = checkedStretch(call, offset, length);
      mapped(call, [page], (at = 0) => {
        copy(call, to, call.offset(at, offset), bytes);
      });
    },
  },
  {
    signature: 'void memset_page(struct page *page, size_t offset, int val, size_t len)',
    doc: 'Fills a part of a page with a byte.',
    changes,
    run: (call, page, offset, value, length) => {
      const bytes = new Uint8Array(checkedStretch(call, offset, length)).fill(Number(value) & 0xff);
      mapped(call, [page], (at = 0) => {
        call.memory.writeBytes(call.offset(at, offset), bytes);
      });
    },
  },
  {
    signature: 'void memzero_page(struct page *page, size_t offset, size_t len)',
    doc: 'Fills a part of a page with zeros.',
    changes,
    run: (call, page, offset, length) => {
      const bytes = new Uint8Array(checkedStretch(call, offset, length));
      mapped(call, [page], (at = 0) => {
        call.memory.writeBytes(call.offset(at, offset), bytes);
      });
    },
  },
  {
    signature: 'unsigned long nr_free_highpages(void)',
    doc: 'Free pages of the highmem zone.',
    run: (call) => {
      const { k, kernel } = call;
      const zone = k.zones.find((each) => kernel.zone_idx(k, each) === k.ZONE_HIGHMEM);
      return zone === undefined ? 0 : kernel.zone_page_state(k, zone, k.NR_FREE_PAGES);
    },
  },
];

export const highmem: readonly Builtin[] = [
  ...group('highmem', 'mm/highmem.c', pkmap),
  ...group('highmem', 'include/linux/highmem.h', [...nested, ...contents]),
  ...group('highmem', 'include/linux/page-flags.h', [
    {
      signature: 'int PageHighMem(const struct page *page)',
      doc: 'Whether a page lies in the highmem zone: it has no address of its own.',
      run: (call, page) => truth(call.kernel.PageHighMem(call.k, call.page(page))),
    },
  ]),
];
