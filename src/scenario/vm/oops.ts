/**
 * What the kernel prints when an access faults, behind the line that names the address: the kind of access, the error code in
 * words, and the entries of the page tables on the way.
 *
 *     #PF: supervisor write access in kernel mode
 *     #PF: error_code(0x000b) - reserved bit violation
 *     PGD 2a01067 P4D 2a01067 PUD 2a02067 PMD 1f40063 PTE 800fffff12345063        or, on 32 bit, *pdpt = *pde = *pte =
 *
 * Left out: registers and call trace (the debugger has better ones).
 * Source: Linux 6.1 arch/x86/mm/fault.c: show_fault_oops(), dump_pagetable().
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { FaultingAccess } from '../../engine/machine/events.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { asVirt, fromWords } from '../../engine/memory/address.js';
import { errorCode } from '../../engine/x86/access.js';
import { entryHex } from '../../engine/x86/formats.js';
import type { Walk, WalkStep } from '../../engine/x86/walk.js';

export interface Oops {
  readonly lines: readonly { readonly level: number; readonly text: string }[];
  /** Which rule of the processor refused the access, and the entry that decides; undefined without page tables. */
  readonly rule: string | undefined;
}

const ACCESS = {
  read: 'read access',
  write: 'write access',
  fetch: 'instruction fetch',
} as const;
const KERN_ALERT = 1;
const KERN_INFO = 6;

export function oopsOf({ mm }: KernelImage, fault: FaultingAccess): Oops {
  const va = mm.wide ? fromWords(fault.low, fault.high) : asVirt(fault.low >>> 0);
  const processor = mm.machine.processor(mm.cpu);
  const access = { kind: fault.kind, user: false } as const;
  const walk = processor.hasTables ? processor.walk(va, access) : undefined;
  // The TLB may have refused what the tables allow by now: then the fault itself knows.
  const found = fault.exception ?? walk?.exception;
  const code =
    found?.kind === 'page fault'
      ? found.errorCode
      : errorCode(processor.paging, access, 'not present');
  const lines = [
    { level: KERN_ALERT, text: `#PF: supervisor ${ACCESS[fault.kind]} in kernel mode` },
    { level: KERN_ALERT, text: `#PF: error_code(0x${hex4(code)}) - ${violationText(code)}` },
    ...(walk === undefined ? [] : [{ level: KERN_INFO, text: tablesText(mm, walk) }]),
  ];
  return { lines, rule: found?.reason };
}

const hex4 = (code: number): string => code.toString(16).padStart(4, '0');

function violationText(code: number): string {
  if ((code & 1) === 0) return 'not-present page';
  return (code & 8) === 0 ? 'permissions violation' : 'reserved bit violation';
}

function tablesText(mm: Kernel, { steps }: Walk): string {
  return mm.wide ? tables64(steps) : tables32(steps);
}

/** The folded level is the one above it once more. The last entry has no space behind it. */
function tables64(steps: readonly WalkStep[]): string {
  let text = '';
  for (const { level, entry } of steps) {
    const value = entryHex(entry);
    if (level.name === 'PGD') text += `PGD ${value} P4D ${value} `;
    else text += level.name === 'PTE' ? `PTE ${value}` : `${level.name} ${value} `;
  }
  return text;
}

function tables32(steps: readonly WalkStep[]): string {
  // With two levels the top one is pde, with PAE pdpt.
  const names = steps[0]?.level.entryBytes === 8 ? ['pdpt', 'pde', 'pte'] : ['pde', 'pte'];
  return steps
    .map(({ level, entry }, i) => {
      const value = entryHex(entry).padStart(level.entryBytes * 2, '0');
      return `*${names[i] ?? 'pte'} = ${value} `;
    })
    .join('');
}
