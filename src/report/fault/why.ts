/** Why an access faulted: the rule, and what it tells about the code. */
import type { AddressTold } from '../facts/kernelAddress.js';
import { capital, hex } from '../render/amount.js';
import type { Oops } from './oops.js';
import { directMapBase, lastEntry, type Rule } from './walk.js';

export const ruleTexts: Readonly<Record<Rule, string>> = {
  'reserved-bits': 'a reserved bit is set in the entry',
  'not-present': 'nothing is mapped there',
  'not-writable': 'the page is read-only',
  'no-execute': 'the page may not be executed (NX)',
  smep: 'the kernel jumped to code of user space (SMEP forbids it)',
  smap: 'the kernel touched memory of user space outside copy_from_user() and its like (SMAP forbids it)',
  'supervisor-only': 'the page belongs to the kernel, and user mode touched it',
  'protection-key': 'a protection key forbids it',
  unknown: 'the text does not tell which rule refused',
};

export function whyItems(oops: Oops, rule: Rule, told: AddressTold | undefined): string[] {
  switch (rule) {
    case 'reserved-bits':
      return reservedItems(oops);
    case 'not-present':
      return absentItems(oops, told);
    case 'not-writable':
      return readOnlyItems(oops, told);
    case 'no-execute':
      return [
        'An entry of the walk has NX set: data was executed, by a jump through an overwritten function pointer or return address, or to code that was freed (init text, a module that was unloaded).',
      ];
    case 'smep':
      return [
        'The page is a user page (US in each entry) and the CPU was in kernel mode: a function pointer or return address of the kernel was NULL or overwritten with an address of user space. CR4 bit 20 (SMEP) forbids the fetch.',
      ];
    case 'smap':
      return [
        'The page is a user page and EFLAGS.AC was clear: a pointer from user space is used directly. Use copy_from_user(), copy_to_user() or get_user().',
      ];
    case 'supervisor-only':
      return ['US is clear in an entry of the walk: user mode may not touch it.'];
    case 'protection-key':
      return ["The key of the entry (bits 59 to 62) is disabled in the task's PKRU."];
    case 'unknown':
      return [];
  }
}

function reservedItems(oops: Oops): string[] {
  const last = lastEntry(oops);
  if (!last) return [];
  const items = [
    `${last.level} is present${last.isWritable ? ' and writable' : ''}, yet its frame ${hex(last.frame)} is beyond any physical memory: bits MAXPHYADDR to 51 have to be 0. That is the error code's bit 3; the walk does not lead to a page.`,
  ];
  const base = directMapBase(oops);
  const inverted = `~${hex(last.frame)} & 0xffffffffff = ${hex(last.invertedFrame)}, physical ${hex(last.invertedFrame << 12n)}`;
  if (base?.isInverted === true)
    items.push(
      `These are the inverted frame bits of an entry that was not present (protection against L1TF): ${inverted}, which is exactly the page that the direct map has at ${hex(oops.address ?? 0n)} (PAGE_OFFSET ${hex(base.base)}).`,
    );
  else items.push(`Turned back, as in an entry that is not present: ${inverted}.`);
  items.push(
    'Somebody set the present bit of an entry whose frame was stored inverted (PROT_NONE, or a page that DEBUG_PAGEALLOC or set_memory_np() had unmapped) by or-ing _PAGE_PRESENT into the number. Entries have to be made with pfn_pte() and changed with pte_modify() or set_memory_p(), which turn the bits back.',
  );
  return items;
}

function absentItems(oops: Oops, told: AddressTold | undefined): string[] {
  const last = lastEntry(oops);
  const items: string[] = [];
  if (last && last.value !== 0n && !last.isPresent)
    items.push(
      `${last.level} is not empty: the page was mapped there and made absent, frame ${hex(last.invertedFrame)} (stored inverted since 4.19; ${hex(last.frame)} as it stands).`,
    );
  switch (told?.kind) {
    case 'null':
      items.push(
        oops.address === 0n
          ? 'A NULL pointer was followed (or called: see the instruction pointer).'
          : `A pointer to a structure was NULL, and its member at offset ${hex(oops.address ?? 0n)} was accessed${registerHint(oops)}.`,
      );
      break;
    case 'direct-map':
      items.push(
        "A direct-map address without a page: the page is free and DEBUG_PAGEALLOC unmapped it (use after free), it was unmapped on purpose (set_direct_map_invalid, secretmem, a guest's private memory), it lies in a hole of physical memory, or the number was computed from a bad pfn or a bad pointer.",
      );
      break;
    case 'vmalloc':
      if (oops.address !== undefined && (oops.address & 0xfffn) < 16n)
        items.push(
          'The address is the very start of a page: a loop or copy most likely ran past the end of a vmalloc() area, into the guard page behind it. Compare the size that was allocated with what is written.',
        );
      items.push(
        "Nothing is mapped there now: the area was freed (vfree(), iounmap(), an exited task's stack), or the access ran past its end into the guard page.",
      );
      break;
    case 'fixmap':
      items.push(
        'Nothing is in that slot now: a page of highmem was used after kunmap() or kunmap_atomic(), or by another CPU or task than the one that mapped it (slots of kmap_atomic() are of one CPU).',
      );
      break;
    case 'vmemmap':
      items.push(
        'There is no struct page at that place: the pfn that it was computed from is not of memory (a hole, a device), so virt_to_page() or pfn_to_page() was given something wrong.',
      );
      break;
    case 'module':
      items.push(
        'The module that was there has been unloaded (a timer, work or callback left behind), or its init code is gone.',
      );
      break;
    case 'user':
      items.push(...oneBit(oops.address ?? 0n));
      items.push(
        'The kernel followed a user-space address that is not mapped (copy_from_user() would have returned an error instead), or a small number was taken for a pointer.',
      );
      break;
    case 'poison':
      items.push(`${capital(told.text)}.`);
      break;
    case 'error-pointer':
      items.push('The result of a function was not checked with IS_ERR().');
      break;
    case 'cpu-entry-area':
      items.push('The CPU entry area is mapped page by page: past its pages nothing is there.');
      break;
    default:
      break;
  }
  return items;
}

/** NULL, or NULL and a small offset, with one more bit. */
function oneBit(address: bigint): string[] {
  const high = address >> 12n;
  if (high === 0n || (high & (high - 1n)) !== 0n || address >> 28n === 0n) return [];
  const bit = high.toString(2).length + 11;
  const rest = address & 0xfffn;
  return [
    `Without bit ${bit} it is ${rest === 0n ? 'NULL' : `NULL + ${hex(rest)}`}: a single bit that flipped in memory (test it), or a flag that was stored in place of a pointer.`,
  ];
}

/** The register whose value makes the address with a small offset. */
function registerHint({ address, registers }: Oops): string {
  if (address === undefined) return '';
  const zero = [...registers].filter(([, value]) => value === 0n).map(([name]) => name);
  return zero.length > 0 && zero.length < 4
    ? ` (${zero.join(', ')} ${zero.length === 1 ? 'is' : 'are'} 0)`
    : '';
}

function readOnlyItems(oops: Oops, told: AddressTold | undefined): string[] {
  const { entries, cr0, codeSegment } = oops;
  const readOnly = entries.find(({ isPresent, isWritable }) => isPresent && !isWritable);
  const items: string[] = [];
  if (readOnly)
    items.push(
      `${readOnly.level} ${hex(readOnly.value)} has RW = 0: the page is present (frame ${hex(readOnly.frame)}) and may be read only, so that the write to it is refused.`,
    );
  if (
    told?.kind === 'kernel-image' ||
    told?.kind === 'module' ||
    (told?.kind === 'direct-map' && /kernel image/.test(told.text))
  )
    items.push(
      'The kernel protects its text and rodata (sys_call_table, const data, __ro_after_init) against writes. Use a hook that the kernel offers (kprobes, ftrace, livepatch), or make the page writable with set_memory_rw().',
    );
  if (cr0 !== undefined && (cr0 & 0x10000n) === 0n)
    items.push(
      'CR0 has WP (bit 16) clear: somebody switched write protection off, and on bare metal the write would have passed.',
    );
  if (codeSegment !== undefined && isXen(codeSegment))
    items.push(
      `The code segment ${codeSegment.toString(16).padStart(4, '0')} is of ring ${codeSegment & 3}${codeSegment >= 0xe000 ? '' : ', not 0'}: a Xen PV guest. There CR0.WP is not the guest's to clear, and page tables and read-only pages stay so.`,
    );
  return items;
}

export const isXen = (codeSegment: number): boolean =>
  codeSegment === 0xe030 || codeSegment === 0xe033 || (codeSegment & 3) === 1;
