/**
 * What kind of address it is, by its number and by the bases that a report gives away.
 *
 * Source: Documentation/arch/x86/x86_64/mm.rst of 4.15, 4.20, 6.1; include/linux/poison.h; arch/x86/include/asm/pgtable_32_areas.h.
 */
import { isAtLeast, type KernelVersion } from '../input/version.js';
import { hex } from '../render/amount.js';

type AddressKind =
  | 'null'
  | 'user'
  | 'non-canonical'
  | 'poison'
  | 'direct-map'
  | 'vmalloc'
  | 'vmemmap'
  | 'cpu-entry-area'
  | 'kernel-image'
  | 'module'
  | 'fixmap'
  | 'error-pointer'
  | 'other';

export interface AddressTold {
  readonly kind: AddressKind;
  readonly text: string;
}

/** What is known of where areas begin. */
export interface Bases {
  readonly version?: KernelVersion;
  readonly pageOffset?: bigint;
  readonly vmemmap?: bigint;
  readonly vmalloc?: bigint;
  /** `Kernel Offset:` of the report. */
  readonly kernelOffset?: bigint;
}

const told = (kind: AddressKind, text: string): AddressTold => ({ kind, text });

const ASCII = /^[\x20-\x7e]{4,8}$/;
/** Without the first byte, to which a small offset may have been added, and the last, which may be the end of a string. */
const MOSTLY_ASCII = /^[^][\x20-\x7e]{6}[^]$/;

/** Where the shadow of address 0 lies: x86 with 4 levels, arm64 with 48 bits of address since 5.11, and before. */
const SHADOW_BASES = [0xdffffc0000000000n, 0xdfff800000000000n, 0xdfffa00000000000n];

/**
 * KASAN's code looks up the shadow of an address before it uses it. For an address below the kernel's part, the place of the shadow is
 * itself not canonical: that fault is reported, and the address that was meant is eight times its distance from the shadow's beginning.
 */
export function shadowedAddress(address: bigint): bigint | undefined {
  const base = SHADOW_BASES.find((each) => address >= each && address < each + (1n << 30n));
  return base === undefined ? undefined : (address - base) << 3n;
}

/** Whether each byte from a bit on has the value; a small offset may have changed the first, and the last may be the end of a string. */
function repeats(address: bigint, from: bigint, bits: 32 | 64, value: number): boolean {
  for (let at = from; at < BigInt(bits) - 8n; at += 8n)
    if (Number((address >> at) & 0xffn) !== value) return false;
  return true;
}

/** Values that debugging code or list_del() leaves in memory. */
function poisonIn(address: bigint, bits: 32 | 64): string | undefined {
  const offset =
    bits === 64 && address >> 48n === 0xdeadn
      ? address - 0xdead000000000000n
      : bits === 64 && address >> 20n === 0x5deadbeef00n
        ? address - 0x5deadbeef0000000n // PowerPC
        : bits === 32
          ? address
          : -1n;
  if (offset >= 0x100n && offset < 0x120n)
    return `LIST_POISON1 + ${hex(offset - 0x100n)}: list_del() left it in ->next; the entry is deleted a second time, or used after it was taken off its list`;
  if (offset >= 0x120n && offset < 0x140n)
    return `LIST_POISON2 + ${hex(offset - 0x122n < 0n ? 0n : offset - 0x122n)}: list_del() left it in ->prev; the entry is deleted a second time, or used after it was taken off its list`;
  if (bits === 64 && offset >= 0x200n && offset < 0x220n)
    return 'LIST_POISON2 of kernels up to 4.19: list_del() left it in ->prev; the entry is used after it was taken off its list';
  if (bits === 64 && offset >= 0x400n && offset < 0x440n)
    return 'TAIL_MAPPING: mapping of a tail page was followed';
  const byte = Number((address >> 16n) & 0xffn);
  const same = (value: number): boolean => {
    // s390 tells only the page of an address.
    if ((address & 0xfffn) === 0n && Number((address >> 12n) & 0xfn) === value >> 4)
      return repeats(address, 16n, bits, value);
    return repeats(address, 8n, bits, value);
  };
  const BYTES: Readonly<Record<number, string>> = {
    0x6b: 'POISON_FREE (0x6b): a pointer read from an object of a slab that was freed: use after free',
    0x5a: 'POISON_INUSE (0x5a): a pointer read from an object that was never initialised',
    0xa5: 'POISON_END (0xa5): the last byte of a freed object',
    0xbb: 'SLUB_RED_INACTIVE (0xbb): the red zone of a free object',
    0xcc: 'SLUB_RED_ACTIVE (0xcc), or POISON_FREE_INITMEM: a red zone, or init memory that was freed',
    0xaa: 'PAGE_POISON (0xaa): memory of a page that was freed',
  };
  const name = BYTES[byte];
  return name !== undefined && same(byte) ? name : undefined;
}

export function asciiIn(address: bigint, bits: 32 | 64): string | undefined {
  let text = '';
  for (let at = 0n; at < BigInt(bits); at += 8n)
    text += String.fromCharCode(Number((address >> at) & 0xffn));
  if (ASCII.test(text)) return text;
  return bits === 64 && MOSTLY_ASCII.test(text) ? text.slice(1, 7) : undefined;
}

export function addressKind(address: bigint, bits: 32 | 64, bases: Bases): AddressTold {
  if (address < 4096n)
    return told(
      'null',
      address === 0n
        ? 'NULL'
        : `NULL + ${hex(address)}: a member at that offset of a structure whose pointer is NULL`,
    );
  const poison = poisonIn(address, bits);
  if (poison !== undefined) return told('poison', poison);
  const minus = BigInt.asIntN(bits, address);
  if (minus < 0n && minus >= -4095n)
    return told(
      'error-pointer',
      `an error number as a pointer (${minus}): ERR_PTR() used without IS_ERR()`,
    );
  return bits === 64 ? kind64(address, bases) : kind32(address, bases);
}

function kind64(address: bigint, bases: Bases): AddressTold {
  const top = address >> 47n;
  if (top === 0n) return told('user', 'a user-space address');
  if (top !== 0x1ffffn) {
    const text = asciiIn(address, 64);
    return told(
      'non-canonical',
      `not canonical: bits 48 to 63 are not copies of bit 47, so that the CPU raises a general protection fault and not a page fault${text === undefined ? '' : `; as bytes it is the text "${text}": a string was written over the pointer`}`,
    );
  }
  const offset = bases.kernelOffset ?? 0n;
  if (address >= 0xffffffff80000000n) return imageOrAbove(address, offset);
  if (address >= 0xffffff0000000000n) return told('other', 'espfix stacks, EFI or a hole');
  if (address >= 0xfffffe0000000000n && address < 0xfffffe8000000000n)
    return told(
      'cpu-entry-area',
      'the CPU entry area (IDT alias, GDT, entry stacks; since 4.14/4.15): mapped page by page, not in the direct map',
    );
  const { pageOffset, vmemmap, vmalloc } = bases;
  if (vmemmap !== undefined && address >= vmemmap && address < vmemmap + (1n << 40n))
    return told('vmemmap', `a struct page (vmemmap ${hex(vmemmap)})`);
  if (
    pageOffset !== undefined &&
    address >= pageOffset &&
    address < pageOffset + (1n << 46n) &&
    (vmalloc === undefined || address < vmalloc)
  )
    return told(
      'direct-map',
      `the direct map (PAGE_OFFSET ${hex(pageOffset)}), of physical address ${hex(address - pageOffset)}`,
    );
  return byPlace(address, bases.version);
}

/** Of x86 with 4 levels. */
const KASAN_SHADOW_OFFSET = 0xdffffc0000000000n;
/** Since then the direct map, vmalloc space and vmemmap begin at random places. */
const KASLR_MEMORY: KernelVersion = [4, 8, 0];

/** Where areas lie without KASLR. */
function byPlace(address: bigint, version: KernelVersion | undefined): AddressTold {
  if (address >= 0xffffea0000000000n && address < 0xffffeb0000000000n)
    return told('vmemmap', 'a struct page, where vmemmap begins at 0xffffea0000000000 (no KASLR)');
  if (address >= 0xffffc90000000000n && address < 0xffffe90000000000n)
    return told(
      'vmalloc',
      'vmalloc space (0xffffc90000000000 on, without KASLR): vmalloc(), ioremap(), stacks of tasks since 4.9',
    );
  if (address >= 0xffffec0000000000n && address < 0xfffffc0000000000n)
    return told(
      'other',
      `KASAN's shadow memory, where the kernel has it: the place for ${hex(BigInt.asUintN(64, (address - KASAN_SHADOW_OFFSET) << 3n))}, so that a pointer to there was to be checked, and where nothing is mapped there is no memory of the kernel either`,
    );
  if (address >= 0xffffeb0000000000n && version !== undefined && !isAtLeast(version, KASLR_MEMORY))
    return told(
      'vmemmap',
      `behind the struct pages of all memory (vmemmap is 0xffffea0000000000): the one of frame ${hex((address - 0xffffea0000000000n) >> 6n)} would lie there, which no machine has; virt_to_page() was given something that is not an address of the direct map`,
    );
  const isOld = version !== undefined && !isAtLeast(version, [4, 19, 0]);
  const base = isOld ? 0xffff880000000000n : 0xffff888000000000n;
  if (address >= base && address < base + (1n << 40n))
    return told('direct-map', `the direct map: PAGE_OFFSET ${hex(base)} + ${hex(address - base)}`);
  if (address >= 0xffff880000000000n && address < 0xffffc90000000000n)
    return told(
      'direct-map',
      'the direct map or vmalloc space of a boot with KASLR: their bases are random, and the text does not give them away',
    );
  if (address >= 0xffffc90000000000n && address < 0xfffffe0000000000n)
    return told('other', 'vmalloc space or vmemmap of a boot with KASLR');
  return told('other', 'a hole of the address space');
}

function imageOrAbove(address: bigint, offset: bigint): AddressTold {
  if (address >= 0xffffffffff600000n) return told('fixmap', 'vsyscall page or above');
  if (address >= 0xffffffffff000000n) return told('fixmap', 'the fixmap');
  const isModule =
    address >= 0xffffffffc0000000n ||
    (offset === 0n && address >= 0xffffffffa0000000n && address < 0xffffffffc0000000n);
  if (isModule) return told('module', "the modules' area");
  return told(
    'kernel-image',
    `the kernel image (text, data)${offset === 0n ? '' : `, loaded ${hex(offset)} above where it is linked (KASLR)`}: physical address is not the number minus PAGE_OFFSET`,
  );
}

function kind32(address: bigint, bases: Bases): AddressTold {
  const base = bases.pageOffset ?? 0xc0000000n;
  const text = asciiIn(address, 32);
  if (address < base)
    return told(
      'user',
      `a user-space address (below PAGE_OFFSET ${hex(base)})${text === undefined ? '' : `; as bytes it is the text "${text}": a string may have been written over the pointer`}`,
    );
  if (address >= 0xff400000n)
    return told('fixmap', 'pkmap or the fixmap: the slots of kmap() and kmap_atomic()');
  if (address >= base + 0x38000000n)
    return told('vmalloc', 'vmalloc space, modules, or pkmap, above the 896 MiB of lowmem');
  const from = address - base;
  return told(
    'direct-map',
    from >= 0x1000000n && from < 0x2000000n
      ? `lowmem (PAGE_OFFSET ${hex(base)} + ${hex(from)}), where the kernel image lies: text, rodata or data`
      : `lowmem: PAGE_OFFSET ${hex(base)} + ${hex(from)}`,
  );
}
