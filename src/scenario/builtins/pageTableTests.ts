/** What is asked of entries above the ptes: is it a table, and of a large page what is asked of a pte. */
import * as entries from '../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import * as bits from '../../engine/kernel/arch/x86/include/asm/pgtable_types.h.js';
import type { LevelName } from '../../engine/x86/formats.js';
import { pgtableLevel } from '../../engine/machine/pagingLevels.js';
import { pteEqual, pteIsZero, pteOf } from '../../engine/machine/pteWords.js';
import type { BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { changedEntry, entryAt, putEntry } from './entryValues.js';
import { truth } from './pointers.js';

const changes = true;
type TableLevel = 'pgd' | 'p4d' | 'pud' | 'pmd';
type LargeLevel = 'pud' | 'pmd';

/** The level below, which is folded with this one if the build does not have it. */
const BELOW: Readonly<Record<TableLevel, LevelName>> = {
  pgd: 'P4D',
  p4d: 'PUD',
  pud: 'PMD',
  pmd: 'PTE',
};

/** The bits of an entry besides its address that none of a table has. */
const alien = (call: BuiltinCall, entry: bits.PteVal): boolean =>
  !pteIsZero(
    entries.pte_clear_flags(bits.pte_flags(call.k, entry), bits._KERNPG_TABLE | bits._PAGE_USER),
  );

/** Source: Linux 6.1 arch/x86/include/asm/pgtable.h: pgd_bad() to pmd_bad(); include/asm-generic/pgtable-nop?d.h. */
function isBad(call: BuiltinCall, x: TableLevel, entry: bits.PteVal): boolean {
  if (pgtableLevel(call.k, BELOW[x]) === undefined) return false;
  return x === 'pmd' ? entries.pmd_bad(entry) : alien(call, entry);
}

const tests: readonly BuiltinRow[] = (['pgd', 'p4d', 'pud', 'pmd'] as const).map((x) => ({
  signature: `int ${x}_bad(${x}_t ${x})`,
  doc: `Whether a ${x} entry does not lead to a table: it maps a large page, or is damaged. Of a level that the build folds: never.`,
  run: (call, entry) => truth(isBad(call, x, entryAt(call, entry))),
}));

const BITS: readonly (readonly [string, string, number])[] = [
  ['write', 'may be written', bits._PAGE_RW],
  ['dirty', 'was written', bits._PAGE_DIRTY],
  ['young', 'was accessed', bits._PAGE_ACCESSED],
];

const CHANGES: readonly (readonly [string, string, number, number])[] = [
  ['mkwrite', 'with writes allowed', bits._PAGE_RW, 0],
  ['wrprotect', 'read-only', 0, bits._PAGE_RW],
  ['mkdirty', 'dirty', bits._PAGE_DIRTY, 0],
  ['mkclean', 'not dirty', 0, bits._PAGE_DIRTY],
  ['mkyoung', 'accessed', bits._PAGE_ACCESSED, 0],
  ['mkold', 'not accessed', 0, bits._PAGE_ACCESSED],
  ['mkhuge', 'of a large page', bits._PAGE_PSE, 0],
];

const changed = (x: LargeLevel | 'pte', name: string, how: string, set: number, clear: number) => ({
  signature: `${x}_t ${x}_${name}(${x}_t ${x})`,
  doc: `The entry, ${how}.`,
  run: (call: BuiltinCall, result: number | bigint, entry: number | bigint) =>
    putEntry(call, result, changedEntry(call, entryAt(call, entry), pteOf(set), pteOf(clear))),
});

const same = (x: LargeLevel | 'pte'): BuiltinRow => ({
  signature: `int ${x}_same(${x}_t a, ${x}_t b)`,
  doc: 'Whether two entries are the same, bit by bit.',
  run: (call, a, b) => truth(pteEqual(entryAt(call, a), entryAt(call, b))),
});

const large: readonly BuiltinRow[] = (['pud', 'pmd'] as const).flatMap((x): BuiltinRow[] => [
  ...BITS.map(([name, what, bit]): BuiltinRow => ({
    signature: `int ${x}_${name}(${x}_t ${x})`,
    doc: `Whether the large page that a ${x} entry maps ${what}.`,
    run: (call, entry) => truth((entryAt(call, entry).low & bit) !== 0),
  })),
  ...CHANGES.map(([name, how, set, clear]) => changed(x, name, how, set, clear)),
  same(x),
  {
    signature: `void set_${x}_at(struct mm_struct *mm, unsigned long addr, ${x}_t *${x}p, ${x}_t ${x})`,
    doc: `Writes the ${x} entry of a user address.`,
    changes,
    run: (call, _mm, _addr, pointer, entry) => {
      call.kernel.set_pte(call.k, call.cell(pointer), entryAt(call, entry));
    },
  },
]);

const others: readonly BuiltinRow[] = [
  {
    signature: 'void pmd_clear(pmd_t *pmdp)',
    doc: 'Clears a pmd entry; does not flush the TLB.',
    changes,
    run: (call, pointer) => {
      call.kernel.pmd_clear(call.k, call.cell(pointer));
    },
  },
  {
    signature: 'void pud_clear(pud_t *pudp)',
    doc: 'Clears a pud entry; does not flush the TLB. Of a level that the build folds: nothing.',
    changes,
    run: (call, pointer) => {
      if (pgtableLevel(call.k, 'PMD') !== undefined)
        call.kernel.pud_clear(call.k, call.cell(pointer));
    },
  },
  {
    signature: 'int pmd_trans_huge(pmd_t pmd)',
    doc: 'Whether a pmd entry maps a transparent huge page.',
    run: (call, entry) => truth(entries.pmd_trans_huge(entryAt(call, entry))),
  },
  {
    signature: 'int pmd_huge(pmd_t pmd)',
    doc: 'Whether a pmd entry is one of hugetlb: not empty, and not that of a table.',
    run: (call, entry) => {
      const pmd = entryAt(call, entry);
      const kind = pmd.low & (bits._PAGE_PRESENT | bits._PAGE_PSE);
      return truth(!entries.pmd_none(call.k, pmd) && kind !== bits._PAGE_PRESENT);
    },
  },
  {
    signature: 'int pud_huge(pud_t pud)',
    doc: 'Whether a pud entry is one of hugetlb.',
    run: (call, entry) => truth((entryAt(call, entry).low & bits._PAGE_PSE) !== 0),
  },
  {
    signature: 'int pte_huge(pte_t pte)',
    doc: 'Whether an entry has the bit of large pages.',
    run: (call, entry) => truth((entryAt(call, entry).low & bits._PAGE_PSE) !== 0),
  },
  changed('pte', 'mkhuge', 'of a large page', bits._PAGE_PSE, 0),
  same('pte'),
];

export const entryTests: readonly BuiltinRow[] = [...tests, ...large, ...others];
