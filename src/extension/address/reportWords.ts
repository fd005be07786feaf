/**
 * Numbers of the kernel's messages that look like addresses and are something else: entries of page tables, registers, flags, hashed
 * pointers. An entry and CR3 lead to a frame: then that is the address. Pure.
 *
 * Source: Linux 6.1 arch/x86/mm/fault.c: dump_pagetable(); arch/x86/kernel/process_64.c: __show_regs(); lib/vsprintf.c:
 * ptr_to_id(), format_page_flags(); mm/page_alloc.c: warn_alloc(). Intel SDM vol. 3A 4.5 (bits 51:12 number a frame).
 */

export interface ReportWord {
  /** UTF-16 columns in the line, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** The physical address that it leads to. */
  readonly phys?: bigint;
  /** What it is, where it leads to none. */
  readonly what?: string;
}

const FRAME = 0x000f_ffff_ffff_f000n;

/** `PGD 2400067 P4D 2400067 PUD 25f3067 PMD 25f4067 PTE 0`; `*pdpt = 0000000001a4d001 *pde = 0000000000000000`. */
const ENTRY = /(?:\b(?:PGD|P4D|PUD|PMD|PTE)|\*p(?:dpt|de|te) =) (?<n>[0-9a-f]{1,16})\b/g;
/** The low bits are the PCID, or how the table is cached. */
const CR3 = /\bCR3: (?<n>[0-9a-f]{8,16})\b/g;

const OTHERS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:CR[048]|DR[0-7]|E?FLAGS|RFLAGS|EFER): (?<n>[0-9a-f]{1,16})\b/g,
    'A register of flags, not an address.',
  ],
  [
    /\bflags: ?(?<n>0x[0-9a-f]+)/g,
    'Flags of a page, not an address: zone and node are in the upper bits.',
  ],
  [/\b(?:gfp_mask|mode)[=:] ?(?<n>0x[0-9a-f]+)/g, 'A GFP mask, not an address.'],
  [
    // No object of a 64-bit kernel lies below 4 GiB.
    /(?<![0-9a-zx_])(?<n>0{8}(?!0{8})[0-9a-f]{8})(?![0-9a-z_])/g,
    'A hashed pointer, not an address: `%p` prints a number that stands for the address. A kernel that is booted with `no_hash_pointers` prints addresses.',
  ],
];

const NOT_PRESENT =
  'An entry of a page table that is not present: it leads nowhere, and what else it holds is the kernel’s own.';

/** The word of a report at a column. */
export function reportWordAt(line: string, column: number): ReportWord | undefined {
  const entry = numberAt(line, column, ENTRY);
  if (entry !== undefined) {
    const value = BigInt(`0x${entry.text}`);
    const { start, end } = entry;
    return (value & 1n) === 0n
      ? { start, end, what: NOT_PRESENT }
      : { start, end, phys: value & FRAME };
  }
  const cr3 = numberAt(line, column, CR3);
  if (cr3 !== undefined)
    return { start: cr3.start, end: cr3.end, phys: BigInt(`0x${cr3.text}`) & FRAME };
  for (const [pattern, what] of OTHERS) {
    const found = numberAt(line, column, pattern);
    if (found !== undefined) return { start: found.start, end: found.end, what };
  }
  return undefined;
}

function numberAt(
  line: string,
  column: number,
  pattern: RegExp,
): { readonly start: number; readonly end: number; readonly text: string } | undefined {
  for (const match of line.matchAll(pattern)) {
    const text = match.groups?.['n'] ?? '';
    const start = match.index + match[0].length - text.length;
    const end = start + text.length;
    if (column >= start && column < end) return { start, end, text };
  }
  return undefined;
}
