/**
 * The kernel's macros that are C themselves: a scenario sees them as if it had included the headers that have them.
 *
 * Each line is one macro; a comment after it is its documentation, with the header where the kernel keeps it.
 */
import { HEX_DUMP_MACROS } from './builtins/hexDumps.js';
import { KERNEL_CALL_MACROS } from './builtins/macros.js';
import { PROCESS_MACROS } from './builtins/processList.js';
import { TEXT_MACROS } from './builtins/texts.js';
import { AREAS } from './prelude/areas.js';
import { COMPILER } from './prelude/compiler.js';
import { ERRNO } from './prelude/errno.js';
import { MODULES } from './prelude/modules.js';
import { CPUS } from './prelude/cpus.js';
import { DEVICES } from './prelude/devices.js';
import { INTERRUPTS } from './prelude/interrupts.js';
import { LATER_CALLS } from './prelude/laterCalls.js';
import { LIBC } from './prelude/libc.js';
import { NUMBERS } from './prelude/numbers.js';
import { PAGE_CACHE } from './prelude/pageCache.js';
import { PAGES } from './prelude/pages.js';
import { MANAGED } from './prelude/managed.js';
import { PLATFORM_DEVICES } from './prelude/platform.js';
import { PROC_FILES } from './prelude/procFiles.js';
import { PAGE_TABLES } from './prelude/pageTables.js';
import { SHRINKERS } from './prelude/shrinkers.js';
import { QUEUES } from './prelude/queues.js';
import { SCATTERLISTS } from './prelude/scatterlists.js';
import { SRCU_MACROS } from './prelude/srcu.js';
import { WORDS } from './prelude/words.js';
import { STRUCTURES } from './prelude/structures.js';
import { TIME } from './prelude/time.js';
import { USERSPACE } from './prelude/userspace.js';
import type { Macro, SpecialMacro } from './syntax/macros.js';
import { readMacros } from './syntax/predefined.js';
import type { MacroTable } from './syntax/macros.js';

const TEXT = `${KERNEL_CALL_MACROS}
#define NULL ((void *)0) // The null pointer. include/linux/stddef.h
#define true ((_Bool)1) // include/linux/stddef.h
#define false ((_Bool)0) // include/linux/stddef.h
#define PAGE_SIZE (1UL << PAGE_SHIFT) // Bytes in a page. arch/x86/include/asm/page_types.h
#define PAGE_MASK (~(PAGE_SIZE - 1)) // The page part of an address. arch/x86/include/asm/page_types.h
#define PAGE_ALIGN(addr) ALIGN((addr), PAGE_SIZE) // An address rounded up to a page. include/linux/mm.h
#define PAGE_ALIGNED(addr) IS_ALIGNED((unsigned long)(addr), PAGE_SIZE) // Whether an address begins a page. include/linux/mm.h
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK) // Bytes from the start of the page. include/linux/mm.h
#define PFN_ALIGN(x) (((unsigned long)(x) + (PAGE_SIZE - 1)) & PAGE_MASK) // include/linux/pfn.h
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT) // Bytes to pages, rounded up. include/linux/pfn.h
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT) // Bytes to pages, rounded down. include/linux/pfn.h
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT) // Page frame number to physical address. include/linux/pfn.h
#define PHYS_PFN(x) ((unsigned long)((x) >> PAGE_SHIFT)) // Physical address to page frame number. include/linux/pfn.h
#define MAX_ORDER_NR_PAGES (1 << (MAX_ORDER - 1)) // Pages in the largest block. include/linux/mmzone.h
#define BIT(nr) (1UL << (nr)) // include/vdso/bits.h
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0])) // Elements of an array. include/linux/kernel.h
#define ALIGN(x, a) (((x) + ((typeof(x))(a) - 1)) & ~((typeof(x))(a) - 1)) // Rounded up to a multiple of a power of two. include/linux/align.h
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1)) // Rounded down to a multiple of a power of two. include/linux/align.h
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0) // include/linux/align.h
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d)) // include/linux/math.h
#define min_t(type, x, y) min((type)(x), (type)(y)) // include/linux/minmax.h
#define max_t(type, x, y) max((type)(x), (type)(y)) // include/linux/minmax.h
#define clamp(val, lo, hi) min(max((val), (lo)), (hi)) // include/linux/minmax.h
#define swap(a, b) do { typeof(a) __swapped = (a); (a) = (b); (b) = __swapped; } while (0) // include/linux/minmax.h
#define likely(x) (!!(x)) // include/linux/compiler.h
#define unlikely(x) (!!(x)) // include/linux/compiler.h
#define READ_ONCE(x) (x) // include/asm-generic/rwonce.h
#define WRITE_ONCE(x, val) ((x) = (val)) // include/asm-generic/rwonce.h
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member))) // The struct around a member. include/linux/container_of.h
#define list_entry(ptr, type, member) container_of(ptr, type, member) // The struct around a list head. include/linux/list.h
#define list_first_entry(head, type, member) list_entry((head)->next, type, member) // include/linux/list.h
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member) // include/linux/list.h
#define list_next_entry(pos, member) list_entry((pos)->member.next, typeof(*(pos)), member) // include/linux/list.h
#define list_prev_entry(pos, member) list_entry((pos)->member.prev, typeof(*(pos)), member) // include/linux/list.h
#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next) // include/linux/list.h
#define list_for_each_entry(pos, head, member) for (pos = list_first_entry(head, typeof(*pos), member); &pos->member != (head); pos = list_next_entry(pos, member)) // include/linux/list.h
#define list_for_each_entry_reverse(pos, head, member) for (pos = list_last_entry(head, typeof(*pos), member); &pos->member != (head); pos = list_prev_entry(pos, member)) // include/linux/list.h
#define list_for_each_entry_safe(pos, n, head, member) for (pos = list_first_entry(head, typeof(*pos), member), n = list_next_entry(pos, member); &pos->member != (head); pos = n, n = list_next_entry(n, member)) // include/linux/list.h
#define LIST_HEAD(name) struct list_head name = { &name, &name } // An initialized list head. include/linux/list.h
#define for_each_zone(zone) for (zone = contig_page_data.node_zones; zone < contig_page_data.node_zones + MAX_NR_ZONES; zone++) // Every zone of the machine. include/linux/mmzone.h
#define for_each_populated_zone(zone) for_each_zone(zone) if (zone->present_pages) // Every zone that has pages. include/linux/mmzone.h
#define alloc_page(gfp_mask) alloc_pages(gfp_mask, 0) // One page. include/linux/gfp.h
#define __get_free_page(gfp_mask) __get_free_pages((gfp_mask), 0) // include/linux/gfp.h
#define __free_page(page) __free_pages((page), 0) // include/linux/gfp.h
#define free_page(addr) free_pages((addr), 0) // include/linux/gfp.h
#define __pa(x) __phys_addr((unsigned long)(x)) // Physical address of an address in the direct map. arch/x86/include/asm/page.h
#define __va(x) phys_to_virt((phys_addr_t)(x)) // Address in the direct map of a physical address. arch/x86/include/asm/page.h
#define virt_to_page(kaddr) pfn_to_page(__pa(kaddr) >> PAGE_SHIFT) // The page at an address in the direct map. arch/x86/include/asm/page.h
#define virt_to_pfn(kaddr) (__pa(kaddr) >> PAGE_SHIFT) // The page frame number of an address in the direct map. arch/x86/include/asm/page.h
#define virt_addr_valid(kaddr) __virt_addr_valid((unsigned long)(kaddr)) // Whether an address is in the direct map and has a page. arch/x86/include/asm/page.h
#define phys_to_page(phys) pfn_to_page((phys) >> PAGE_SHIFT) // The page at a physical address. arch/x86/include/asm/page.h
#define page_private(page) ((page)->private) // include/linux/mm_types.h
#define set_page_private(page, v) ((page)->private = (v)) // include/linux/mm_types.h
#define page_folio(page) ((struct folio *)compound_head(page)) // The folio a page is part of. include/linux/page-flags.h
#define folio_page(folio, n) (&(folio)->page + (n)) // include/linux/page-flags.h
#define min_wmark_pages(z) (z->_watermark[WMARK_MIN] + z->watermark_boost) // include/linux/mmzone.h
#define low_wmark_pages(z) (z->_watermark[WMARK_LOW] + z->watermark_boost) // include/linux/mmzone.h
#define high_wmark_pages(z) (z->_watermark[WMARK_HIGH] + z->watermark_boost) // include/linux/mmzone.h
#define IS_ERR_VALUE(x) ((unsigned long)(void *)(x) >= (unsigned long)-MAX_ERRNO) // include/linux/err.h
#define per_cpu_ptr(ptr, cpu) ((typeof(ptr))__per_cpu_address((ptr), (cpu))) // A per-CPU pointer's target on a CPU. include/linux/percpu-defs.h
#define per_cpu(var, cpu) (*per_cpu_ptr(&(var), (cpu))) // A per-CPU variable on a CPU. include/linux/percpu-defs.h
#define this_cpu_ptr(ptr) per_cpu_ptr(ptr, smp_processor_id()) // include/linux/percpu-defs.h
#define NODE_DATA(nid) (&contig_page_data) // The node: there is only one. include/linux/mmzone.h
#define _PAGE_PRESENT 0x1 // Bit of an entry: it maps something. arch/x86/include/asm/pgtable_types.h
#define _PAGE_RW 0x2 // Bit of an entry: writes are allowed. arch/x86/include/asm/pgtable_types.h
#define _PAGE_USER 0x4 // Bit of an entry: user mode may access it. arch/x86/include/asm/pgtable_types.h
#define _PAGE_PWT 0x8 // Bit of an entry: write-through. arch/x86/include/asm/pgtable_types.h
#define _PAGE_PCD 0x10 // Bit of an entry: cache disabled. arch/x86/include/asm/pgtable_types.h
#define _PAGE_ACCESSED 0x20 // Bit of an entry: the processor used it. arch/x86/include/asm/pgtable_types.h
#define _PAGE_DIRTY 0x40 // Bit of an entry: the page was written. arch/x86/include/asm/pgtable_types.h
#define _PAGE_PSE 0x80 // Bit of an entry: it maps a large page. arch/x86/include/asm/pgtable_types.h
#define _PAGE_GLOBAL 0x100 // Bit of an entry: it stays in the TLB when cr3 is loaded. arch/x86/include/asm/pgtable_types.h
#define PAGE_SHARED (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | (PAGE_KERNEL & ~PAGE_KERNEL_EXEC)) // A user page that may be written. arch/x86/include/asm/pgtable_types.h
#define PAGE_READONLY (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | (PAGE_KERNEL & ~PAGE_KERNEL_EXEC)) // A user page that may be read. arch/x86/include/asm/pgtable_types.h
#define __pgprot(x) ((pgprotval_t)(x)) // Protection bits; a pgprot_t is its value here. arch/x86/include/asm/pgtable_types.h
#define pgprot_val(x) ((pgprotval_t)(x)) // arch/x86/include/asm/pgtable_types.h
#define INT_MAX 0x7fffffff // include/vdso/limits.h
#define INT_MIN (-INT_MAX - 1) // include/vdso/limits.h
#define UINT_MAX (~0U) // include/vdso/limits.h
#define LONG_MAX ((long)(~0UL >> 1)) // include/vdso/limits.h
#define LONG_MIN (-LONG_MAX - 1) // include/vdso/limits.h
#define ULONG_MAX (~0UL) // include/vdso/limits.h
#define SIZE_MAX (~(size_t)0) // include/linux/limits.h
#define MAX_ERRNO 4095 // include/linux/err.h
#define KERN_EMERG "\\0010" // Log level. include/linux/kern_levels.h
#define KERN_ALERT "\\0011" // Log level. include/linux/kern_levels.h
#define KERN_CRIT "\\0012" // Log level. include/linux/kern_levels.h
#define KERN_ERR "\\0013" // Log level. include/linux/kern_levels.h
#define KERN_WARNING "\\0014" // Log level. include/linux/kern_levels.h
#define KERN_NOTICE "\\0015" // Log level. include/linux/kern_levels.h
#define KERN_INFO "\\0016" // Log level. include/linux/kern_levels.h
#define KERN_DEBUG "\\0017" // Log level. include/linux/kern_levels.h
#define KERN_CONT "\\001c" // Log level. include/linux/kern_levels.h
`;

/** What only the preprocessor can tell at a place. */
const SPECIAL: Readonly<Record<string, SpecialMacro>> = {
  __LINE__: 'line',
  __FILE__: 'file',
  __FILE_NAME__: 'file',
  __BASE_FILE__: 'file',
  __COUNTER__: 'counter',
  __INCLUDE_LEVEL__: 'depth',
  IS_ENABLED: 'enabled',
  IS_REACHABLE: 'enabled',
  IS_BUILTIN: 'builtin',
  IS_MODULE: 'module',
};

const wholeText = (): string =>
  [
    ...[TEXT, COMPILER, NUMBERS, WORDS, MODULES, ERRNO],
    ...[
      TEXT_MACROS,
      HEX_DUMP_MACROS,
      STRUCTURES,
      PAGES,
      PAGE_CACHE,
      AREAS,
      PROCESS_MACROS,
      PAGE_TABLES,
      DEVICES,
      TIME,
      USERSPACE,
      LATER_CALLS,
      LIBC,
      INTERRUPTS,
      PLATFORM_DEVICES,
      QUEUES,
      CPUS,
      SCATTERLISTS,
      PROC_FILES,
      MANAGED,
      SHRINKERS,
      SRCU_MACROS,
    ],
  ].join('\n');

let macros: MacroTable | undefined;

export function preludeMacros(): MacroTable {
  return (macros ??= new Map([...readMacros(wholeText()), ...specialMacros()]));
}

function* specialMacros(): IterableIterator<readonly [string, Macro]> {
  for (const [name, special] of Object.entries(SPECIAL)) {
    const takes = name.startsWith('IS_') ? { parameters: ['option'] } : undefined;
    yield [name, { name, body: [], predefined: true, special, ...takes }];
  }
}

/** What the prelude says about each macro, for hover and completion. */
export interface MacroDoc {
  readonly name: string;
  /** `PFN_UP(x)`, or the name alone. */
  readonly signature: string;
  readonly doc: string;
  readonly source: string;
}

export function preludeDocs(): readonly MacroDoc[] {
  return [...wholeText().matchAll(/^#define (\w+)(\([^)]*\))?.*? \/\/ (.*?)\.? ?(\S+\.h)$/gm)].map(
    ([, name = '', parameters = '', doc = '', source = '']) => ({
      name,
      signature: name + parameters,
      doc,
      source,
    }),
  );
}
