/** Page tables: the way from a pgd to a pte, tables from the page allocator, cr3 and the TLB. */
import { frameIn } from '../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import { pgtableLevel } from '../../engine/machine/pagingLevels.js';
import { asVirt, PAGE_SIZE, type Cell } from '../../engine/memory/address.js';
import { indexAt } from '../../engine/x86/paging.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { entryAt } from './entryValues.js';
import { entryRows, LEVELS } from './pageTableEntries.js';
import { entryTests } from './pageTableTests.js';

const changes = true;

const LEVEL_NAMES = { p4d: 'P4D', pud: 'PUD', pmd: 'PMD', pte: 'PTE' } as const;
type LowerLevel = keyof typeof LEVEL_NAMES;

const va = (address: Value) => asVirt(Number(address));

/**
 * The pointer to an entry. Tables lie in the direct map, whichever other address they have; but the kernel's own top-level
 * table is named by its symbol.
 */
function entryPointer(call: BuiltinCall, entry: Cell): Value {
  return entry === 0 ? 0 : call.offset(call.k.linear.pageOffset, call.k.memory.physOf(entry));
}

/** A pointer to an entry of the table that `mm->pgd` names, by the address that it has there. */
function pgdPointer(call: BuiltinCall, pgd: Value, address: Value): Value {
  const { k, kernel } = call;
  const table = call.cell(pgd);
  return call.offset(pgd, (kernel.pgd_offset_pgd(k, table, va(address)) - table) * 4);
}

// --- the way down --------------------------------------------------------------------------------------------------------

const walking: readonly BuiltinRow[] = [
  {
    signature: 'pgd_t *pgd_offset(struct mm_struct *mm, unsigned long address)',
    doc: 'The top-level entry of an address in an address space.',
    run: (call, mm, address) => {
      const pgd = call.memory.load(
        call.offset(mm, call.k.mm_struct.pgd * 4),
        call.profile.pointerSize,
      );
      return pgdPointer(call, pgd, address);
    },
  },
  {
    signature: 'pgd_t *pgd_offset_pgd(pgd_t *pgd, unsigned long address)',
    doc: 'The entry of an address in a top-level table.',
    run: (call, pgd, address) => pgdPointer(call, pgd, address),
  },
  {
    signature: 'pgd_t *pgd_offset_k(unsigned long address)',
    doc: "The entry of an address in the kernel's own top-level table.",
    run: (call, address) => {
      const { k } = call;
      return pgdPointer(call, k.read_va(k.globals.init_mm + k.mm_struct.pgd), address);
    },
  },
  ...(['p4d', 'pud', 'pmd'] as const).map((x): BuiltinRow => {
    const above = LEVELS[LEVELS.indexOf(x) - 1] ?? 'pgd';
    return {
      signature: `${x}_t *${x}_offset(${above}_t *${above}, unsigned long address)`,
      doc: `The ${x} entry of an address, given the entry above it. If this build folds the level, it is the same entry.`,
      run: (call, pointer, address) => stepDown(call, x, pointer, address),
    };
  }),
  {
    signature: 'pte_t *pte_offset_kernel(pmd_t *pmd, unsigned long address)',
    doc: 'The pte of an address, given the entry above it.',
    run: (call, pointer, address) => stepDown(call, 'pte', pointer, address),
  },
  {
    signature: 'pte_t *pte_offset_map(pmd_t *pmd, unsigned long address)',
    doc: 'The pte of an address, given the entry above it; pte_unmap() when it is done with. Tables lie in lowmem here: nothing is mapped.',
    run: (call, pointer, address) => stepDown(call, 'pte', pointer, address),
  },
  {
    signature: 'void pte_unmap(pte_t *pte)',
    doc: 'Ends what pte_offset_map() began: nothing, as tables lie in lowmem here.',
    run: () => undefined,
  },
  {
    signature: 'pte_t *lookup_address(unsigned long address, unsigned int *level)',
    doc: 'The entry that maps a kernel address, and its level (PG_LEVEL_4K, _2M, _1G); NULL if there is none.',
    changes,
    run: (call, address, level) => {
      const found = { value: 0 };
      const pte = call.kernel.lookup_address(call.k, va(address), found);
      call.memory.store(level, 4, found.value);
      return entryPointer(call, pte);
    },
  },
];

/** As the kernel's p4d_offset() and so on: arithmetic, which looks at nothing below the entry that it is given. */
function stepDown(call: BuiltinCall, x: LowerLevel, pointer: Value, address: Value): Value {
  const { k } = call;
  const level = pgtableLevel(k, LEVEL_NAMES[x]);
  if (level === undefined) return pointer;
  const entry = entryAt(call, pointer);
  const table = call.offset(k.linear.pageOffset, frameIn(k, entry) * PAGE_SIZE);
  return call.offset(table, indexAt(level, va(address)) * k.pte_words * 4);
}

// --- tables --------------------------------------------------------------------------------------------------------------

/** An entry of a level, its table made when it is missing. */
const allocating = (x: 'p4d' | 'pud' | 'pmd'): BuiltinRow => {
  const above = LEVELS[LEVELS.indexOf(x) - 1] ?? 'pgd';
  return {
    signature: `${x}_t *${x}_alloc(struct mm_struct *mm, ${above}_t *${above}, unsigned long address)`,
    doc: `The ${x} entry of an address; allocates its table if it is missing. NULL if there is no memory.`,
    changes,
    run: (call, mm, pointer, address) => {
      const from = call.cell(pointer);
      const entry = call.kernel[`${x}_alloc`](call.k, call.cell(mm), from, va(address));
      return entry === from ? pointer : entryPointer(call, entry);
    },
  };
};

const tables: readonly BuiltinRow[] = [
  allocating('p4d'),
  allocating('pud'),
  allocating('pmd'),
  {
    signature: 'pte_t *pte_alloc_kernel(pmd_t *pmd, unsigned long address)',
    doc: 'The pte of a kernel address; allocates its table if it is missing. NULL if there is no memory.',
    changes,
    run: (call, pmd, address) =>
      entryPointer(call, call.kernel.pte_alloc_kernel(call.k, call.cell(pmd), va(address))),
  },
  {
    signature: 'pte_t *pte_alloc_map(struct mm_struct *mm, pmd_t *pmd, unsigned long address)',
    doc: 'The pte of a user address; allocates its table, marked PG_table, if it is missing. NULL if there is no memory.',
    changes,
    run: (call, mm, pmd, address) => {
      const pte = call.kernel.pte_alloc_map(call.k, call.cell(mm), call.cell(pmd), va(address));
      return entryPointer(call, pte);
    },
  },
  {
    signature: 'struct page *pte_alloc_one(struct mm_struct *mm)',
    doc: 'A page for a table of user ptes, marked PG_table. NULL if there is no memory.',
    changes,
    run: (call) => call.pointer(call.kernel.pte_alloc_one(call.k)),
  },
  {
    signature: 'pte_t *pte_alloc_one_kernel(struct mm_struct *mm)',
    doc: 'A table of kernel ptes. NULL if there is no memory.',
    changes,
    run: (call) => entryPointer(call, call.kernel.pte_alloc_one_kernel(call.k)),
  },
  {
    signature: 'void pte_free(struct mm_struct *mm, struct page *pte_page)',
    doc: 'Frees a page of pte_alloc_one().',
    changes,
    run: (call, _mm, page) => {
      call.kernel.pte_free(call.k, call.page(page));
    },
  },
  {
    signature: 'void pte_free_kernel(struct mm_struct *mm, pte_t *pte)',
    doc: 'Frees a table of pte_alloc_one_kernel().',
    changes,
    run: (call, _mm, pte) => {
      call.kernel.pte_free_kernel(call.k, call.cell(pte));
    },
  },
  {
    signature: 'pgd_t *pgd_alloc(struct mm_struct *mm)',
    doc: "A new top-level table with the kernel's own entries in its kernel half; stored in mm->pgd. NULL if there is no memory.",
    changes,
    run: (call, mm) => entryPointer(call, call.kernel.pgd_alloc(call.k, call.cell(mm))),
  },
  {
    signature: 'void pgd_free(struct mm_struct *mm, pgd_t *pgd)',
    doc: 'Frees a top-level table. Free the tables below it first.',
    changes,
    run: (call, mm, pgd) => {
      call.kernel.pgd_free(call.k, call.cell(mm), call.cell(pgd));
    },
  },
];

// --- registers, TLB --------------------------------------------------------------------------------------------------------

const reading = (register: 'cr0' | 'cr2' | 'cr3' | 'cr4', doc: string): BuiltinRow => ({
  signature: `unsigned long native_read_${register}(void)`,
  doc,
  run: (call) => call.unsignedLong(call.k.machine.processor(call.k.cpu).registers[register]),
});

const writing = (register: 'cr0' | 'cr3' | 'cr4', doc: string): BuiltinRow => ({
  signature: `void native_write_${register}(unsigned long val)`,
  doc,
  changes,
  run: (call, value) => {
    call.kernel[`native_write_${register}`](call.k, Number(value));
  },
});

const flushing = (
  signature: string,
  doc: string,
  flush: (call: BuiltinCall, address: Value) => void,
): BuiltinRow => ({
  signature,
  doc,
  changes,
  run: (call, address) => {
    flush(call, address);
  },
});

const processor: readonly BuiltinRow[] = [
  reading('cr0', 'Control register 0: bit 16 is WP, bit 31 PG.'),
  reading('cr2', 'The address of the last page fault.'),
  reading('cr3', 'The physical address of the top-level table in use.'),
  reading('cr4', 'Control register 4: PSE, PAE, PGE, SMEP, SMAP.'),
  writing('cr0', 'Writes control register 0.'),
  writing('cr3', 'Loads a top-level table; all but global entries leave the TLB.'),
  writing('cr4', 'Writes control register 4; a change of paging empties the TLB.'),
  {
    signature: 'void load_cr3(pgd_t *pgdir)',
    doc: 'Switches to a top-level table; all but global entries leave the TLB.',
    changes,
    run: (call, pgd) => {
      call.kernel.load_cr3(call.k, call.cell(pgd));
    },
  },
  flushing(
    'void invlpg(unsigned long addr)',
    'Removes one page from the TLB, even if it is global.',
    (call, address) => call.kernel.native_flush_tlb_one_user(call.k, va(address)),
  ),
  flushing('void flush_tlb_one_kernel(unsigned long addr)', 'As invlpg().', (call, address) =>
    call.kernel.native_flush_tlb_one_user(call.k, va(address)),
  ),
  flushing(
    'void __flush_tlb_local(void)',
    'Reloads cr3: only global entries stay in the TLB.',
    (call) => call.kernel.native_flush_tlb_local(call.k),
  ),
  flushing('void __flush_tlb_all(void)', 'Empties the TLB.', (call) =>
    call.kernel.__flush_tlb_all(call.k),
  ),
];

export const pageTables: readonly Builtin[] = [
  ...group('page table', 'arch/x86/include/asm/pgtable.h', [...entryRows, ...entryTests]),
  ...group('page table', 'include/linux/pgtable.h', walking),
  ...group('page table', 'arch/x86/mm/pgtable.c', tables),
  ...group('page table', 'arch/x86/include/asm/special_insns.h', processor),
];
