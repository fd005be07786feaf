/** Entries of page tables: values of every level, made, read and written. */
import * as entries from '../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import * as bits from '../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { NO_PTE, pteOf } from '../../engine/machine/pteWords.js';
import { pfn_to_page } from './addresses.js';
import type { BuiltinRow } from './builtin.js';
import { changedEntry, entryAt, entryBits, entryValue, putEntry } from './entryValues.js';

const changes = true;
const truth = (condition: boolean): number => (condition ? 1 : 0);
/** From the root down. */
export const LEVELS = ['pgd', 'p4d', 'pud', 'pmd', 'pte'] as const;
type LevelPrefix = (typeof LEVELS)[number];

type Question = (k: Kernel, entry: bits.PteVal) => boolean;

const NONE: Readonly<Record<LevelPrefix, Question>> = {
  pgd: entries.pgd_none,
  p4d: entries.p4d_none,
  pud: entries.pud_none,
  pmd: entries.pmd_none,
  pte: entries.pte_none,
};

const PRESENT: Readonly<Record<LevelPrefix, Question>> = {
  pgd: entries.pgd_present,
  p4d: entries.p4d_present,
  pud: entries.pud_present,
  pmd: (_k, entry) => entries.pmd_present(entry),
  pte: (_k, entry) => entries.pte_present(entry),
};

// --- each level's entries ------------------------------------------------------------------------------------------------

const ofLevel = (x: LevelPrefix): readonly BuiltinRow[] => [
  {
    signature: `${x}val_t ${x}_val(${x}_t ${x})`,
    doc: `The bits of a ${x} entry.`,
    run: (call, entry) => entryValue(call, entryAt(call, entry)),
  },
  {
    signature: `${x}_t __${x}(${x}val_t val)`,
    doc: `A ${x} entry with these bits.`,
    run: (call, result, bits) => putEntry(call, result, entryBits(call, bits)),
  },
  {
    signature: `int ${x}_none(${x}_t ${x})`,
    doc: `Whether a ${x} entry is empty. Of a level that the build folds: never.`,
    run: (call, entry) => truth(NONE[x](call.k, entryAt(call, entry))),
  },
  {
    signature: `int ${x}_present(${x}_t ${x})`,
    doc: `Whether a ${x} entry leads to a table or a page. Of a level that the build folds: always.`,
    run: (call, entry) => truth(PRESENT[x](call.k, entryAt(call, entry))),
  },
  {
    signature: `void set_${x}(${x}_t *${x}p, ${x}_t ${x})`,
    doc: `Writes a ${x} entry; does not flush the TLB.`,
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

const question = (name: string, doc: string, test: (pte: bits.PteVal) => boolean): BuiltinRow => ({
  signature: `int ${name}(pte_t pte)`,
  doc,
  run: (call, entry) => truth(test(entryAt(call, entry))),
});

const changed = (name: string, doc: string, set: bits.PteVal, clear: bits.PteVal): BuiltinRow => ({
  signature: `pte_t ${name}(pte_t pte)`,
  doc,
  run: (call, result, entry) =>
    putEntry(call, result, changedEntry(call, entryAt(call, entry), set, clear)),
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
  changed('pte_mkwrite', 'The entry, with writes allowed.', pteOf(bits._PAGE_RW), NO_PTE),
  changed('pte_wrprotect', 'The entry, read-only.', NO_PTE, pteOf(bits._PAGE_RW)),
  changed('pte_mkdirty', 'The entry, dirty.', pteOf(bits._PAGE_DIRTY), NO_PTE),
  changed('pte_mkclean', 'The entry, not dirty.', NO_PTE, pteOf(bits._PAGE_DIRTY)),
  changed('pte_mkyoung', 'The entry, accessed.', pteOf(bits._PAGE_ACCESSED), NO_PTE),
  changed('pte_mkold', 'The entry, not accessed.', NO_PTE, pteOf(bits._PAGE_ACCESSED)),
  changed('pte_mkexec', 'The entry, executable.', NO_PTE, bits._PAGE_NX),
  {
    signature: 'unsigned long pte_pfn(pte_t pte)',
    doc: 'The page frame an entry maps.',
    run: (call, entry) => entries.pte_pfn(call.k, entryAt(call, entry)),
  },
  {
    signature: 'struct page *pte_page(pte_t pte)',
    doc: 'The page an entry maps.',
    run: (call, entry) => pfn_to_page(call, entries.pte_pfn(call.k, entryAt(call, entry))),
  },
  {
    signature: 'pteval_t pte_flags(pte_t pte)',
    doc: 'The bits of an entry that are not part of its address.',
    run: (call, entry) => entryValue(call, bits.pte_flags(call.k, entryAt(call, entry))),
  },
  {
    signature: 'pte_t mk_pte(struct page *page, pgprotval_t pgprot)',
    doc: 'An entry that maps a page with a protection such as PAGE_KERNEL or PAGE_SHARED.',
    run: (call, result, page, prot) =>
      putEntry(call, result, entries.mk_pte(call.k, call.page(page), entryBits(call, prot))),
  },
  {
    signature: 'pte_t pfn_pte(unsigned long page_nr, pgprotval_t pgprot)',
    doc: 'An entry that maps a page frame with a protection such as PAGE_KERNEL.',
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
    doc: 'Clears an entry; does not flush the TLB.',
    changes,
    run: (call, _mm, _addr, pointer) => {
      call.kernel.set_pte(call.k, call.cell(pointer), NO_PTE);
    },
  },
];

// --- large pages -----------------------------------------------------------------------------------------------------------

/** Software bit 1 of an entry: the page behind it is nobody's to count. */
const _PAGE_SPECIAL = pteOf(bits._PAGE_SPECIAL);

const ofLarge = (x: 'pmd' | 'pud'): BuiltinRow[] => [
  ...['large', 'leaf'].map((name): BuiltinRow => ({
    signature: `int ${x}_${name}(${x}_t ${x})`,
    doc: `Whether a ${x} entry maps a large page itself.`,
    run: (call, entry) =>
      truth(
        x === 'pmd'
          ? entries.pmd_large(entryAt(call, entry))
          : entries.pud_large(call.k, entryAt(call, entry)),
      ),
  })),
  {
    signature: `unsigned long ${x}_pfn(${x}_t ${x})`,
    doc: `The first page frame that a ${x} entry maps, or that of the table it leads to.`,
    run: (call, entry) => entries[`${x}_pfn`](call.k, entryAt(call, entry)),
  },
  {
    signature: `struct page *${x}_page(${x}_t ${x})`,
    doc: `The first page that a ${x} entry maps, or that of the table it leads to.`,
    run: (call, entry) =>
      call.pointer(call.k.pfn_to_page(entries[`${x}_pfn`](call.k, entryAt(call, entry)))),
  },
];

const large: readonly BuiltinRow[] = [
  ...ofLarge('pmd'),
  ...ofLarge('pud'),
  question(
    'pte_special',
    'Whether the page is mapped as a device is: nobody counts it.',
    (pte) => entries.pte_special(pte) && entries.pte_present(pte),
  ),
  changed('pte_mkspecial', 'The entry, special: nobody counts its page.', _PAGE_SPECIAL, NO_PTE),
];

export const entryRows: readonly BuiltinRow[] = [...everyLevel, ...ptes, ...large];
