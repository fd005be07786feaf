/**
 * The lines of an oops: the address, the error code, the page-table entries, control registers, where it was.
 *
 * Source: Linux arch/x86/mm/fault.c: show_fault_oops(), dump_pagetable(); arch/x86/kernel/dumpstack.c, process_64.c, of 2.6.32, 3.16,
 * 4.15, 5.2, 6.1; arch/arm/mm/fault.c, arch/arm64/mm/fault.c, arch/mips/mm/fault.c for their first line.
 */
import { entryOf, type Entry, type Level } from '../facts/pte.js';
import { asFetch, FETCH, foreignFault, type ForeignFault } from './foreign.js';
import type { LogLine } from '../input/lines.js';

export interface Oops {
  readonly first: number;
  readonly last: number;
  readonly headline: string;
  readonly address?: bigint;
  readonly isGeneralProtection: boolean;
  readonly isX86: boolean;
  readonly errorCode?: number;
  /** ESR of arm64. */
  readonly esr?: number;
  /** The status word of another processor. */
  readonly foreign?: ForeignFault;
  /** `KASAN: null-ptr-deref in range [...]`: KASAN looked into the shadow of this address, and there was none. */
  readonly kasan?: { readonly from: bigint; readonly to: bigint };
  readonly entries: readonly Entry[];
  /** Three levels, `*pdpt`, `*pde`, `*pte`. */
  readonly isPae32: boolean;
  /** Two levels of 32 bits. */
  readonly isLegacy32: boolean;
  readonly codeSegment?: number;
  readonly where?: string;
  /** The program counter, of processors other than x86. */
  readonly pc?: bigint;
  readonly cr0?: bigint;
  readonly cr2?: bigint;
  readonly cr4?: bigint;
  readonly kernelOffset?: bigint;
  readonly registers: ReadonlyMap<string, bigint>;
  readonly hint?: string;
}

const LONGEST = 90;

const STARTS: readonly RegExp[] = [
  /^\s*BUG: unable to handle (?:kernel )?(?:page fault|paging request)(?: for address:| at)\s*(?:virtual address\s*)?(?:0x)?([0-9a-f]{1,16})/i,
  /^\s*BUG: (?:unable to handle )?kernel NULL pointer dereference(?:, address:| at)\s*(?:virtual address\s*)?(?:0x)?([0-9a-f]{1,16}|\(null\)|\s*\(null\))/i,
  /^(?:.{0,60}[#$>] )?\s*(?:CPU \d+ )?Unable to handle kernel (?:paging request|NULL pointer dereference|access to user memory (?:outside|without) uaccess routines|write to read-only memory|read from unreadable memory|execute from non-executable memory) at (?:virtual )?address\s*:?\s*(?:0x)?([0-9a-f]{1,16})/i,
  /^\s*(?:Oops: )?general protection fault,? (?:probably|maybe) for (?:non-canonical )?address (?:0x)?([0-9a-f]{1,16})/i,
  /^\s*general protection fault: ([0-9a-f]{4}) \[#/i,
  /^\s*BUG: unable to handle kernel (?:paging request|NULL pointer dereference)/i,
  /^\s*kernel tried to execute NX-protected page/i,
  /^\s*unable to execute userspace code/i,
  /^\s*(?:BUG: )?(?:Unable to handle kernel|Kernel NULL pointer dereference)(?: paging request for)? ?(?:data|instruction fetch|unaligned access|data access|instruction)? ?(?:access )?(?:on (?:read|write) )?at (?:address )?0x([0-9a-f]{8,16})/i,
  /^\s*Failing address: ([0-9a-f]{8,16}) TEID:/,
  /^\s*(?:BUG: )?Unable to handle kernel instruction fetch/,
];

type Draft = { -readonly [name in keyof Oops]: Oops[name] } & {
  entries: Entry[];
  registers: Map<string, bigint>;
};

export function oopses(lines: readonly LogLine[]): Oops[] {
  const found: Oops[] = [];
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index]?.text ?? '';
    if (!STARTS.some((start) => start.test(text))) continue;
    const oops = readOops(lines, index);
    if (oops.address !== undefined || oops.isGeneralProtection || oops.entries.length > 0)
      found.push(oops);
    index = Math.max(index, oops.last);
  }
  return found;
}

function readOops(lines: readonly LogLine[], first: number): Oops {
  const draft: Draft = {
    first,
    last: first,
    headline: (lines[first]?.text ?? '').trim(),
    isGeneralProtection: false,
    isX86: false,
    entries: [],
    registers: new Map(),
    isPae32: false,
    isLegacy32: false,
  };
  const before = lines[first - 1]?.text ?? '';
  if (/^\s*Kernel attempted to/.test(before)) readCode(draft, before);
  for (let index = first; index < Math.min(lines.length, first + LONGEST); index++) {
    const text = lines[index]?.text ?? '';
    if (index > first + 2 && isNext(text)) break;
    if (readLine(draft, text, index === first)) draft.last = index;
    if (/---\[ end trace/.test(text)) {
      draft.last = index;
      break;
    }
  }
  if (draft.address === undefined && draft.cr2 !== undefined && !draft.isGeneralProtection)
    draft.address = draft.cr2;
  // MIPS has one cause for loads and fetches: where the program counter is the address, it was a fetch.
  if (draft.foreign?.isWrite === false && draft.pc !== undefined && draft.pc === draft.address)
    draft.foreign = asFetch(draft.foreign);
  return draft;
}

/** A new oops; the lines about NX and SMEP belong to the one that follows them. */
const isNext = (text: string): boolean =>
  STARTS.slice(0, 5).some((start) => start.test(text)) && !/^\s*Oops/.test(text);

function readLine(draft: Draft, text: string, isFirst: boolean): boolean {
  let used = isFirst;
  for (const [at, start] of STARTS.entries()) {
    const match = start.exec(text);
    if (!match) continue;
    used = true;
    if (at === 3 || at === 4) draft.isGeneralProtection = true;
    if (at === 6 || at === 7) draft.hint = text.trim();
    if (at === 4) draft.errorCode = Number.parseInt(match[1] ?? '0', 16);
    else if (match[1] !== undefined && draft.address === undefined)
      draft.address = /null/.test(match[1]) ? 0n : BigInt(`0x${match[1]}`);
    break;
  }
  const hint =
    /(kernel tried to execute NX-protected page.*|unable to execute userspace code.*|unable to access user memory.*)/i.exec(
      text,
    )?.[1];
  if (hint !== undefined) draft.hint = hint;
  return (
    [
      readCode(draft, text),
      readEntries(draft, text),
      readPlace(draft, text),
      readRegisters(draft, text),
    ].some(Boolean) || used
  );
}

const X86_WORDS: readonly (readonly [string, number])[] = [
  ['PROT', 1],
  ['WRITE', 2],
  ['USER', 4],
  ['RSVD', 8],
  ['INSTR', 16],
  ['PK', 32],
];

function readCode(draft: Draft, text: string): boolean {
  const code =
    /#PF: error_code\(0x([0-9a-f]{1,16})\)/.exec(text)?.[1] ??
    (/Internal error|\bilc:/.test(text) ? undefined : /\bOops: ([0-9a-f]{4})\b/.exec(text)?.[1]);
  if (code !== undefined) {
    if (draft.errorCode === undefined || text.includes('#PF'))
      draft.errorCode = Number.parseInt(code, 16);
    draft.isX86 = true;
    return true;
  }
  const words = /#PF error: \[([^\]]*)\]/.exec(text)?.[1];
  if (words !== undefined) {
    draft.errorCode = X86_WORDS.reduce(
      (sum, [word, bit]) => (words.includes(word) ? sum | bit : sum),
      0,
    );
    draft.isX86 = true;
    return true;
  }
  const esr =
    /\bESR = 0x([0-9a-f]{8,16})\b/.exec(text)?.[1] ??
    /Internal error: Oops: (9[26]0000[0-9a-f]{2}) \[#/.exec(text)?.[1];
  if (esr !== undefined) {
    draft.esr = Number.parseInt(esr.slice(-8), 16);
    return true;
  }
  const kasan = /^\s*KASAN: .* in range \[0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\]/.exec(text);
  if (kasan) {
    draft.kasan = { from: BigInt(`0x${kasan[1] ?? '0'}`), to: BigInt(`0x${kasan[2] ?? '0'}`) };
    return true;
  }
  const fetched = /^\s*Faulting instruction address: 0x([0-9a-f]{8,16})/.exec(text)?.[1];
  if (fetched !== undefined && draft.headline.includes('instruction fetch')) {
    draft.address ??= BigInt(`0x${fetched}`);
    draft.foreign ??= FETCH;
    return true;
  }
  const foreign = foreignFault(text);
  if (foreign) {
    // Words come first, a status word with more to tell later.
    if (draft.foreign === undefined || draft.foreign.rule === 'unknown') draft.foreign = foreign;
    return true;
  }
  return text.startsWith('#PF:');
}

function readEntries(draft: Draft, text: string): boolean {
  const wide = [...text.matchAll(/\b(PGD|P4D|PUD|PMD|PTE)\s+([0-9a-f]{1,16})\b/g)];
  if (wide.length > 0 && /^\s*(?:PGD|P4D|PUD|PMD|PTE)\s/.test(text)) {
    draft.entries.length = 0;
    for (const [, level, value] of wide)
      draft.entries.push(entryOf(level as Level, BigInt(`0x${value ?? '0'}`)));
    draft.isX86 = true;
    return true;
  }
  const narrow = [...text.matchAll(/\*(pdpt|pde|pte) = ([0-9a-f]{8,16})\b/g)];
  if (narrow.length === 0) return false;
  draft.isX86 = true;
  draft.isPae32 ||= narrow.some(([, name]) => name === 'pdpt');
  draft.isLegacy32 = !draft.isPae32;
  const levels: Readonly<Record<string, Level>> = { pdpt: 'PGD', pde: 'PMD', pte: 'PTE' };
  // Old kernels give each level a line of its own.
  const isMore = narrow.every(([, name = '']) =>
    draft.entries.every(({ level }) => level !== levels[name]),
  );
  if (!isMore) draft.entries.length = 0;
  for (const [, name = '', value] of narrow)
    draft.entries.push(entryOf(levels[name] ?? 'PTE', BigInt(`0x${value ?? '0'}`), draft.isPae32));
  return true;
}

function readPlace(draft: Draft, text: string): boolean {
  const place =
    /\b[RE]IP is at ()([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?)/.exec(text) ??
    /\b(?:RIP|EIP): (?:([0-9a-f]{4}):)?(?:\[<[0-9a-f]+>\]\s*)*\s*\[?([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?)?/.exec(
      text,
    ) ??
    /^\s*IP: (?:\[<[0-9a-f]+>\]\s*)?()([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?)?/.exec(
      text,
    ) ??
    /^\s*(?:pc :|PC is at|epc\s*:|NIP) ()\s*\[?(?:<?[0-9a-f]{8,16}>?\]?)?\s*([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+)?/.exec(
      text,
    );
  let used = false;
  if (place) {
    if (place[1]) draft.codeSegment ??= Number.parseInt(place[1], 16);
    if (place[2] !== undefined && place[2] !== '') draft.where ??= place[2];
    used = true;
  }
  const pc = /^\s*(?:epc\s*:|pc :|NIP)\s*\[?<?([0-9a-f]{8,16})\b/.exec(text)?.[1];
  if (pc !== undefined) draft.pc ??= BigInt(`0x${pc}`);
  const offset = /Kernel Offset: 0x([0-9a-f]{1,16})/.exec(text)?.[1];
  if (offset !== undefined) {
    draft.kernelOffset = BigInt(`0x${offset}`);
    used = true;
  }
  return (
    used || /^\s*(?:CPU: \d+|Pid: |Call [Tt]race|Code: |Modules linked in|Hardware name)/.test(text)
  );
}

function readRegisters(draft: Draft, text: string): boolean {
  let used = false;
  for (const [, name, value] of text.matchAll(/\b(CR[0234]):\s*([0-9a-f]{8,16})\b/g)) {
    const word = BigInt(`0x${value ?? '0'}`);
    if (name === 'CR0') draft.cr0 = word;
    if (name === 'CR2') draft.cr2 = word;
    if (name === 'CR4') draft.cr4 = word;
    used = true;
  }
  for (const [, name = '', value] of text.matchAll(
    /\b([ER][A-D]X|[ER][SD]I|[ER][SB]P|R(?:0?[89]|1[0-5]))\s*:\s*([0-9a-f]{8,16})\b/gi,
  )) {
    draft.registers.set(name.toUpperCase(), BigInt(`0x${value ?? '0'}`));
    used = true;
  }
  return used;
}
