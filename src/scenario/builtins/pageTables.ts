/** Page tables: entries of every level, the way from a pgd to a pte, tables from the page allocator, cr3 and the TLB. */
import * as entries from '../../engine/kernel/pgtable_types.js';
import { asVirt, type Cell } from '../../engine/memory/address.js';
import type { Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { entryAt, entryBits, entryValue, putEntry } from './entryValues.js';

const changes = true;
const truth = (condition: boolean): number => (condition ? 1 : 0);
const LEVELS = ['pgd', 'p4d', 'pud', 'pmd', 'pte'] as const;
type LevelPrefix = (typeof LEVELS)[number];

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

// --- each level's entries ------------------------------------------------------------------------------------------------

const ofLevel = (x: LevelPrefix): readonly BuiltinRow[] => [
  {
    signature: `${x}val_t ${x}_val(${x}_t ${x})`,
    doc: `The bits of a ${x} entry.`,
    run: (call, entry) => entryValue(call, entryAt(call, entry)),
  },
  {
    signature: `${x}_t __${x}(${x}val_t val)`,
    doc: `A ${x} entry of these bits.`,
    run: (call, result, bits) => putEntry(call, result, entryBits(call, bits)),
  },
  {
    signature: `int ${x}_none(${x}_t ${x})`,
    doc: `Whether a ${x} entry is empty.`,
    run: (call, entry) => truth(entries.pte_none(entryAt(call, entry))),
  },
  {
    signature: `int ${x}_present(${x}_t ${x})`,
    doc: `Whether a ${x} entry leads to a table or a page.`,
    run: (call, entry) => truth(entries.pte_present(entryAt(call, entry))),
  },
  {
    signature: `void set_${x}(${x}_t *${x}p, ${x}_t ${x})`,
    doc: `Writes a ${x} entry. What the TLB holds is not touched.`,
    changes,
    run: (call, pointer, entry) => {
      call.kernel.set_pte(call.k, call.cell(pointer), entryAt(call, entry));
    },
  },
];

/** p4d and above have no typedef of their value everywhere: all are the same size. */
const VALUE_TYPES: Readonly<Record<LevelPrefix, string>> = {
  pgd: 'pgdval_t',
  p4d: 'pgdval_t',
  pud: 'pgdval_t',
  pmd: 'pgdval_t',
  pte: 'pteval_t',
};

const everyLevel = LEVELS.flatMap((x) =>
  ofLevel(x).map((row) => ({
    ...row,
    signature: row.signature.replace(`${x}val_t`, VALUE_TYPES[x]),
  })),
);

// --- pte -----------------------------------------------------------------------------------------------------------------

const question = (name: string, doc: string, test: (pte: bigint) => boolean): BuiltinRow => ({
  signature: `int ${name}(pte_t pte)`,
  doc,
  run: (call, entry) => truth(test(entryAt(call, entry))),
});

const changed = (name: string, doc: string, set: bigint, clear: bigint): BuiltinRow => ({
  signature: `pte_t ${name}(pte_t pte)`,
  doc,
  run: (call, result, entry) =>
    putEntry(call, result, (entryAt(call, entry) & ~clear) | (set & call.k.pte_mask)),
});

const ptes: readonly BuiltinRow[] = [
  question('pte_write', 'Whether the page may be written.', entries.pte_write),
  question('pte_dirty', 'Whether the page was written.', entries.pte_dirty),
  question('pte_young', 'Whether the page was accessed.', entries.pte_young),
  question(
    'pte_global',
    'Whether the entry stays in the TLB when cr3 is loaded.',
    entries.pte_global,
  ),
  question('pte_exec', 'Whether instructions may be fetched from the page.', entries.pte_exec),
  changed('pte_mkwrite', 'The entry, with writes allowed.', entries._PAGE_RW, 0n),
  changed('pte_wrprotect', 'The entry, read-only.', 0n, entries._PAGE_RW),
  changed('pte_mkdirty', 'The entry, dirty.', entries._PAGE_DIRTY, 0n),
  changed('pte_mkclean', 'The entry, not dirty.', 0n, entries._PAGE_DIRTY),
  changed('pte_mkyoung', 'The entry, accessed.', entries._PAGE_ACCESSED, 0n),
  changed('pte_mkold', 'The entry, not accessed.', 0n, entries._PAGE_ACCESSED),
  changed('pte_mkexec', 'The entry, executable.', 0n, entries._PAGE_NX),
  {
    signature: 'unsigned long pte_pfn(pte_t pte)',
    doc: 'The page frame an entry maps.',
    run: (call, entry) => entries.pte_pfn(call.k, entryAt(call, entry)),
  },
  {
    signature: 'struct page *pte_page(pte_t pte)',
    doc: 'The page an entry maps.',
    run: (call, entry) =>
      call.pointer(call.k.pfn_to_page(entries.pte_pfn(call.k, entryAt(call, entry)))),
  },
  {
    signature: 'pteval_t pte_flags(pte_t pte)',
    doc: 'The bits of an entry that are no address.',
    run: (call, entry) => entryValue(call, entries.pte_flags(call.k, entryAt(call, entry))),
  },
  {
    signature: 'pte_t mk_pte(struct page *page, pgprotval_t pgprot)',
    doc: 'An entry that maps a page with this protection, as PAGE_KERNEL or PAGE_SHARED.',
    run: (call, result, page, prot) =>
      putEntry(call, result, entries.mk_pte(call.k, call.page(page), entryBits(call, prot))),
  },
  {
    signature: 'pte_t pfn_pte(unsigned long page_nr, pgprotval_t pgprot)',
    doc: 'An entry that maps a page frame with this protection.',
    run: (call, result, pfn, prot) =>
      putEntry(call, result, entries.pfn_pte(call.k, Number(pfn), entryBits(call, prot))),
  },
  {
    signature: 'void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)',
    doc: 'Writes the entry of a user address.',
    changes,
    run: (call, _mm, _addr, pointer, entry) => {
      call.kernel.set_pte(call.k, call.cell(pointer), entryAt(call, entry));
    },
  },
  {
    signature: 'void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)',
    doc: 'Empties an entry. What the TLB holds is not touched.',
    changes,
    run: (call, _mm, _addr, pointer) => {
      call.kernel.set_pte(call.k, call.cell(pointer), 0n);
    },
  },
];

// --- the way down --------------------------------------------------------------------------------------------------------

const walking: readonly BuiltinRow[] = [
  {
    signature: 'pgd_t *pgd_offset(struct mm_struct *mm, unsigned long address)',
    doc: 'The top-level entry of an address in an address space.',
    run: (call, mm, address) => {
      const pgd = call.memory.load(
        call.offset(mm, call.k.byteOffset('mm_struct', 'pgd')),
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
      const mm = call.kernel.init_mm(call.k);
      const pgd = call.k.va_of(call.kernel.mm_pgd(call.k, mm));
      return pgdPointer(call, pgd, address);
    },
  },
  ...(['p4d', 'pud', 'pmd'] as const).map((x): BuiltinRow => {
    const above = LEVELS[LEVELS.indexOf(x) - 1] ?? 'pgd';
    return {
      signature: `${x}_t *${x}_offset(${above}_t *${above}, unsigned long address)`,
      doc: `The ${x} entry of an address, given the entry above it. Where this build folds the level: the same entry.`,
      run: (call, pointer, address) => stepDown(call, x, pointer, address),
    };
  }),
  {
    signature: 'pte_t *pte_offset_kernel(pmd_t *pmd, unsigned long address)',
    doc: 'The pte of an address, given the entry above it.',
    run: (call, pointer, address) => stepDown(call, 'pte', pointer, address),
  },
  {
    signature: 'pte_t *lookup_address(unsigned long address, unsigned int *level)',
    doc: 'The entry that maps a kernel address, and on which level (PG_LEVEL_4K, _2M, _1G); NULL where there is none.',
    changes,
    run: (call, address, level) => {
      const found = call.kernel.lookup_address(call.k, va(address));
      const number = found === undefined ? 0 : 1 + Math.floor((found.level.shift - 12) / 9);
      call.memory.store(level, 4, number);
      return found === undefined ? 0 : entryPointer(call, found.pte);
    },
  },
];

const OFFSETS = {
  p4d: 'p4d_offset',
  pud: 'pud_offset',
  pmd: 'pmd_offset',
  pte: 'pte_offset_kernel',
} as const;

function stepDown(
  call: BuiltinCall,
  x: keyof typeof OFFSETS,
  pointer: Value,
  address: Value,
): Value {
  const above = call.cell(pointer);
  const entry = call.kernel[OFFSETS[x]](call.k, above, va(address));
  return entry === above ? pointer : entryPointer(call, entry);
}

// --- tables --------------------------------------------------------------------------------------------------------------

/** An entry of a level, its table made when it is missing. */
const allocating = (x: 'p4d' | 'pud' | 'pmd'): BuiltinRow => {
  const above = LEVELS[LEVELS.indexOf(x) - 1] ?? 'pgd';
  return {
    signature: `${x}_t *${x}_alloc(struct mm_struct *mm, ${above}_t *${above}, unsigned long address)`,
    doc: `The ${x} entry of an address; a table that is missing is allocated. NULL: no memory.`,
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
    doc: 'The pte of a kernel address; a table that is missing is allocated. NULL: no memory.',
    changes,
    run: (call, pmd, address) =>
      entryPointer(call, call.kernel.pte_alloc_kernel(call.k, call.cell(pmd), va(address))),
  },
  {
    signature: 'pte_t *pte_alloc_map(struct mm_struct *mm, pmd_t *pmd, unsigned long address)',
    doc: 'The pte of a user address; a table that is missing is allocated, PG_table. NULL: no memory.',
    changes,
    run: (call, mm, pmd, address) => {
      const pte = call.kernel.pte_alloc_map(call.k, call.cell(mm), call.cell(pmd), va(address));
      return entryPointer(call, pte);
    },
  },
  {
    signature: 'struct page *pte_alloc_one(struct mm_struct *mm)',
    doc: 'A page for a table of user ptes, PG_table. NULL: no memory.',
    changes,
    run: (call) => call.pointer(call.kernel.pte_alloc_one(call.k)),
  },
  {
    signature: 'pte_t *pte_alloc_one_kernel(struct mm_struct *mm)',
    doc: 'A table of kernel ptes. NULL: no memory.',
    changes,
    run: (call) => entryPointer(call, call.kernel.pte_alloc_one_kernel(call.k)),
  },
  {
    signature: 'void pte_free(struct mm_struct *mm, struct page *pte_page)',
    doc: 'Frees what pte_alloc_one() gave.',
    changes,
    run: (call, _mm, page) => {
      call.kernel.pte_free(call.k, call.page(page));
    },
  },
  {
    signature: 'void pte_free_kernel(struct mm_struct *mm, pte_t *pte)',
    doc: 'Frees what pte_alloc_one_kernel() gave.',
    changes,
    run: (call, _mm, pte) => {
      call.kernel.pte_free_kernel(call.k, call.cell(pte));
    },
  },
  {
    signature: 'pgd_t *pgd_alloc(struct mm_struct *mm)',
    doc: "A top-level table whose kernel half is the kernel's own; mm->pgd becomes it. NULL: no memory.",
    changes,
    run: (call, mm) => entryPointer(call, call.kernel.pgd_alloc(call.k, call.cell(mm))),
  },
  {
    signature: 'void pgd_free(struct mm_struct *mm, pgd_t *pgd)',
    doc: 'Frees a top-level table. Tables below it are to be freed before.',
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
  run: (call) => call.unsignedLong(call.kernel[`native_read_${register}`](call.k)),
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
  writing('cr3', 'Loads a top-level table; the TLB forgets what is not global.'),
  writing('cr4', 'Writes control register 4; a change of paging empties the TLB.'),
  {
    signature: 'void load_cr3(pgd_t *pgdir)',
    doc: 'Makes a top-level table the one in use; the TLB forgets what is not global.',
    changes,
    run: (call, pgd) => {
      call.kernel.load_cr3(call.k, call.cell(pgd));
    },
  },
  flushing(
    'void invlpg(unsigned long addr)',
    'The TLB forgets one page, global or not.',
    (call, address) => call.kernel.__flush_tlb_one(call.k, va(address)),
  ),
  flushing('void flush_tlb_one_kernel(unsigned long addr)', 'As invlpg().', (call, address) =>
    call.kernel.__flush_tlb_one(call.k, va(address)),
  ),
  flushing(
    'void __flush_tlb_local(void)',
    'Loads cr3 anew: global pages stay in the TLB.',
    (call) => call.kernel.__flush_tlb_local(call.k),
  ),
  flushing('void __flush_tlb_all(void)', 'The TLB forgets everything.', (call) =>
    call.kernel.__flush_tlb_all(call.k),
  ),
];

export const pageTables: readonly Builtin[] = [
  ...group('page table', 'arch/x86/include/asm/pgtable.h', [...everyLevel, ...ptes]),
  ...group('page table', 'include/linux/pgtable.h', walking),
  ...group('page table', 'arch/x86/mm/pgtable.c', tables),
  ...group('page table', 'arch/x86/include/asm/special_insns.h', processor),
];
