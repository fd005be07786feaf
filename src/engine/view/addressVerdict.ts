/**
 * What becomes of an address in one of the kernel's conversions: the number that Linux would give, right or wrong, and the
 * sentence that says which it is, and what to use instead.
 *
 * The conversions are arithmetic without a check (checks come with CONFIG_DEBUG_VIRTUAL): out of their domain they give a
 * number all the same.
 *
 * Source: Linux 6.1 arch/x86/include/asm/page.h, page_64.h (__phys_addr_nodebug), include/asm-generic/memory_model.h,
 * mm/vmalloc.c vmalloc_to_page(), arch/x86/mm/physaddr.c, arch/x86/mm/pat/set_memory.c slow_virt_to_phys().
 */
import {
  asPhys,
  asVirt,
  formatAddress,
  hexText,
  PAGE_SIZE,
  phys_to_pfn,
  type PhysAddr,
} from '../memory/address.js';
import type { Walk } from '../x86/walk.js';
import {
  ADDRESS_KINDS,
  isHighmem,
  isLinear,
  kindOf,
  pfnOfStructPage,
  type AddressKind,
  type AddressWorld,
  type Meant,
} from './addressKind.js';
import { counted } from './counted.js';

export type AddressUse = keyof typeof USES;

export interface Verdict {
  /** `__pa(0xf0801000)` */
  readonly expression: string;
  /** What Linux gives: a number or NULL. */
  readonly value: string;
  readonly right: boolean;
  /** `0xf0801000 is a vmalloc address: __pa() of it is meaningless; vmalloc_to_page() gives page 0x1f40` */
  readonly sentence: string;
}

interface Use {
  /** What its argument must be. */
  readonly takes: Meant;
  readonly judge: (asked: Asked) => Omit<Verdict, 'expression'>;
}

interface Asked {
  readonly world: AddressWorld;
  readonly use: string;
  readonly value: number;
  /** The argument as text. */
  readonly text: string;
  readonly kind: AddressKind;
}

const pointer = ({ world }: Asked, value: number): string =>
  formatAddress(value, world.profile.pointerSize);

/** `unsigned long`: 32 bits of it on i386. On 64 bit no conversion of a canonical address overflows. */
const ulong = ({ world }: Asked, value: number): number =>
  world.profile.pointerSize === 4 ? value >>> 0 : value;

const right = (value: string, sentence: string) => ({ value, right: true, sentence });
const wrong = (value: string, sentence: string) => ({ value, right: false, sentence });

// --- from linear addresses -------------------------------------------------------------------------------------------

const paOf = (asked: Asked): PhysAddr =>
  asPhys(ulong(asked, asked.world.space.__pa(asVirt(asked.value))));

const pageAt = (asked: Asked, pfn: number): string =>
  pointer(asked, asked.world.memmap.base + pfn * asked.world.memmap.sizeofPage);

/** __pa(), and what is made of it. */
const fromLinear =
  (result: (asked: Asked, phys: PhysAddr) => string): Use['judge'] =>
  (asked) => {
    const { world, kind, text, use } = asked;
    const value = result(asked, paOf(asked));
    const title = `${text} is ${ADDRESS_KINDS[kind].title}`;
    if (!isLinear(world, asVirt(asked.value)))
      return wrong(value, `${title}: ${use}() of it is meaningless; ${instead(asked)}`);
    const pfn = pfnOfStructPage(world, asVirt(asked.value));
    if (pfn !== undefined)
      return right(
        value,
        `${title}: ${use}() gives the memory that holds the struct page itself; page_to_phys() gives ${hexText(pfn * PAGE_SIZE)}, the page it describes`,
      );
    return right(value, `${title}: ${use}() gives ${value}`);
  };

/** What finds the page, and which one that is here. */
function instead({ world, value, kind }: Asked): string {
  const { pageBy } = ADDRESS_KINDS[kind];
  if (kind === 'hole') return 'nothing is mapped there';
  if (kind === 'scenario') return 'no page holds it here, as in a kernel one holds a stack';
  if (kind === 'unplaced')
    return 'no page holds it here: the recording does not tell which one does';
  if (kind === 'nonCanonical') return 'no address of this machine looks like this';
  const by = `${pageBy ?? 'slow_virt_to_phys'}()`;
  if (world.walk === undefined) return `use ${by}`;
  const walk = world.walk(asVirt(value));
  if (walk === undefined) return `use ${by}`;
  if (walk.page === undefined) return `${by} finds no page: ${endOf(walk)}`;
  const pfn = phys_to_pfn(walk.page.phys);
  if (pfn >= world.maxPfn)
    return `the page tables lead to physical ${hexText(walk.page.phys)}, a device without struct pages`;
  if (pageBy === 'slow_virt_to_phys') return `${by} gives ${hexText(walk.page.phys)}`;
  return `${by} gives page ${hexText(pfn)}`;
}

/** Why a walk ends without a page: `PTE[0x12] is not present`. */
export const endOf = ({ exception }: Walk): string => exception?.reason ?? 'it ends without a page';

// --- from physical addresses and frame numbers -----------------------------------------------------------------------

function judgeVa(asked: Asked): Omit<Verdict, 'expression'> {
  const { world, value, text, use } = asked;
  const gives = ulong(asked, world.space.__va(asPhys(value)));
  const number = pointer(asked, gives);
  const pfn = Math.floor(value / PAGE_SIZE);
  if (value < 0 || (pfn >= world.maxPfn && kindOf(world, value, 'virtual') !== 'user')) {
    const kind = kindOf(world, value, 'virtual');
    return wrong(
      number,
      `${pointer(asked, value)} is ${ADDRESS_KINDS[kind].title}: ${use}() takes a physical address`,
    );
  }
  if (pfn >= world.maxPfn)
    return wrong(
      number,
      `physical ${text} is past the end of memory, ${hexText(world.maxPfn * PAGE_SIZE)}: ${use}() gives an unmapped address`,
    );
  if (!isHighmem(world, pfn))
    return right(
      number,
      `physical ${text} is in the direct map: its kernel logical address is ${number}`,
    );
  const there = ADDRESS_KINDS[kindOf(world, gives, 'virtual')].title;
  return wrong(
    number,
    `physical ${text} is highmem: it has no kernel logical address; ${use}() gives ${number}, which is ${there}. kmap_local_page(pfn_to_page(${hexText(pfn)})) maps it`,
  );
}

const fromFrame =
  (result: (asked: Asked, pfn: number) => string, perUnit: number): Use['judge'] =>
  (asked) => {
    const { world, value, text, use } = asked;
    const pfn = Math.floor(value / perUnit);
    const number = result(asked, pfn);
    const what = perUnit === 1 ? `pfn ${text}` : `physical ${text}`;
    if (pfn >= 0 && pfn < world.memmap.endPfn) return right(number, `${use}() gives ${number}`);
    const asPhysical = Math.floor(value / PAGE_SIZE);
    const hint =
      perUnit === 1 && asPhysical > 0 && asPhysical < world.maxPfn
        ? `; if ${text} is a physical address, its page is ${hexText(asPhysical)}`
        : '';
    return wrong(
      number,
      `${what} has no struct page: mem_map ends at pfn ${hexText(world.memmap.endPfn)}, and ${use}() does not check${hint}`,
    );
  };

// --- from struct pages -----------------------------------------------------------------------------------------------

const fromPage =
  (result: (asked: Asked, pfn: number) => Omit<Verdict, 'expression'>): Use['judge'] =>
  (asked) => {
    const { world, value, text, use, kind } = asked;
    const { base, sizeofPage } = world.memmap;
    const pfn = pfnOfStructPage(world, asVirt(value));
    if (pfn === undefined) {
      const number = hexText(ulong(asked, Math.floor((value - base) / sizeofPage)));
      return wrong(
        number,
        `${text} is ${ADDRESS_KINDS[kind].title}, not that of a struct page: ${use}() of it is meaningless (the pointer arithmetic gives pfn ${number})`,
      );
    }
    if ((value - base) % sizeofPage !== 0)
      return wrong(
        hexText(pfn),
        `${text} points ${counted((value - base) % sizeofPage, 'byte')} into the struct page of pfn ${hexText(pfn)}, not to its beginning`,
      );
    return result(asked, pfn);
  };

function judgePageAddress(asked: Asked, pfn: number): Omit<Verdict, 'expression'> {
  const { world, text } = asked;
  if (!isHighmem(world, pfn)) {
    const va = pointer(asked, world.space.__va(asPhys(pfn * PAGE_SIZE)));
    return right(va, `${text} is the struct page of pfn ${hexText(pfn)}, which is mapped at ${va}`);
  }
  return right(
    'NULL, or its pkmap slot',
    `${text} is the struct page of pfn ${hexText(pfn)}, highmem: page_address() is NULL until kmap() maps it`,
  );
}

// --- by the page tables ----------------------------------------------------------------------------------------------

const byTables =
  (result: (asked: Asked, phys: PhysAddr) => string, none: string): Use['judge'] =>
  (asked) => {
    const { world, text, use, kind, value } = asked;
    const title = `${text} is ${ADDRESS_KINDS[kind].title}`;
    if (kind === 'scenario' || kind === 'unplaced')
      return wrong(none, `${title}: no page table maps it`);
    if (kind === 'user')
      return wrong(none, `${title}: ${use}() looks into the kernel's page tables, not the task's`);
    const phys = isLinear(world, asVirt(value))
      ? world.space.__pa(asVirt(value))
      : world.walk?.(asVirt(value))?.page?.phys;
    if (phys === undefined) {
      const walk = world.walk?.(asVirt(value));
      if (walk === undefined)
        return wrong('?', `${title}: only a running machine has the page tables that map it`);
      return wrong(none, `${title}, and nothing is mapped there: ${endOf(walk)}`);
    }
    const number = result(asked, phys);
    if (use !== 'slow_virt_to_phys' && phys_to_pfn(phys) >= world.maxPfn)
      return wrong(
        number,
        `${title} of a device at physical ${hexText(phys)}: no struct page describes it, and ${use}() does not check`,
      );
    const shorter = isLinear(world, asVirt(value)) ? ', as the linear arithmetic does' : '';
    return right(number, `${title}: ${use}() gives ${number}${shorter}`);
  };

function judgeValid(asked: Asked): Omit<Verdict, 'expression'> {
  const { world, value, text, kind } = asked;
  const title = `${text} is ${ADDRESS_KINDS[kind].title}`;
  if (!isLinear(world, asVirt(value)))
    return right('false', `${title}, which is not linear: virt_to_page() of it would be wrong`);
  return right('true', `${title}, and its page frame has a struct page`);
}

/** Every conversion there is a verdict of. */
const USES = {
  __pa: { takes: 'virtual', judge: fromLinear((_asked, phys) => hexText(phys)) },
  virt_to_phys: { takes: 'virtual', judge: fromLinear((_asked, phys) => hexText(phys)) },
  virt_to_pfn: {
    takes: 'virtual',
    judge: fromLinear((_asked, phys) => hexText(Math.floor(phys / PAGE_SIZE))),
  },
  virt_to_page: {
    takes: 'virtual',
    judge: fromLinear((asked, phys) => pageAt(asked, Math.floor(phys / PAGE_SIZE))),
  },
  virt_addr_valid: { takes: 'virtual', judge: judgeValid },
  __va: { takes: 'physical', judge: judgeVa },
  phys_to_virt: { takes: 'physical', judge: judgeVa },
  phys_to_page: { takes: 'physical', judge: fromFrame(pageAt, PAGE_SIZE) },
  pfn_to_page: { takes: 'pfn', judge: fromFrame(pageAt, 1) },
  page_to_pfn: {
    takes: 'virtual',
    judge: fromPage(({ text }, pfn) =>
      right(hexText(pfn), `${text} is the struct page of pfn ${hexText(pfn)}`),
    ),
  },
  page_to_phys: {
    takes: 'virtual',
    judge: fromPage(({ text }, pfn) =>
      right(
        hexText(pfn * PAGE_SIZE),
        `${text} is the struct page of pfn ${hexText(pfn)}, at physical ${hexText(pfn * PAGE_SIZE)}`,
      ),
    ),
  },
  page_address: { takes: 'virtual', judge: fromPage(judgePageAddress) },
  vmalloc_to_page: {
    takes: 'virtual',
    judge: byTables((asked, phys) => pageAt(asked, Math.floor(phys / PAGE_SIZE)), 'NULL'),
  },
  vmalloc_to_pfn: {
    takes: 'virtual',
    judge: byTables((_asked, phys) => hexText(Math.floor(phys / PAGE_SIZE)), 'NULL'),
  },
  slow_virt_to_phys: {
    takes: 'virtual',
    judge: byTables((_asked, phys) => hexText(phys), 'a BUG'),
  },
} as const satisfies Readonly<Record<string, Use>>;

export const isAddressUse = (name: string): name is AddressUse => Object.hasOwn(USES, name);

/** What the conversion's argument is meant as. */
export const argumentOf = (use: AddressUse): Meant => USES[use].takes;

/** Whether it takes no verdict to see that a conversion is right: cheap, for callers in loops. */
export function isPlain(world: AddressWorld, use: AddressUse, value: number): boolean {
  const { space, memmap } = world;
  switch (use) {
    case '__pa':
    case 'virt_to_phys':
    case 'virt_to_page':
      return isLinear(world, asVirt(value));
    case '__va':
    case 'phys_to_virt':
      return value >= 0 && value < space.machine.maxLowPfn * PAGE_SIZE;
    case 'pfn_to_page':
      return value >= 0 && value < memmap.endPfn;
    case 'page_to_pfn':
    case 'page_to_phys': {
      const bytes = value - memmap.base;
      return (
        bytes >= 0 && bytes % memmap.sizeofPage === 0 && bytes < memmap.endPfn * memmap.sizeofPage
      );
    }
    default:
      return false;
  }
}

export function verdictOf(world: AddressWorld, use: AddressUse, value: number): Verdict {
  const { takes, judge } = USES[use];
  const text =
    takes === 'virtual' ? formatAddress(value, world.profile.pointerSize) : hexText(value);
  const kind = kindOf(world, value, takes);
  const judged = judge({ world, use, value, text, kind });
  return { expression: `${use}(${text})`, ...judged };
}

/** The conversions that somebody who meets an address of a kind is likely to try. */
const USUAL: Readonly<Record<AddressKind, readonly AddressUse[]>> = {
  user: ['__pa'],
  logical: ['__pa', 'virt_to_page'],
  kernelImage: ['__pa'],
  vmalloc: ['__pa', 'vmalloc_to_page'],
  pkmap: ['__pa'],
  fixmap: ['__pa'],
  vmemmap: ['__pa'],
  cpuEntryArea: ['__pa'],
  modules: ['__pa'],
  ldt: ['__pa'],
  structPage: ['page_to_phys', 'page_address'],
  scenario: ['virt_to_page'],
  unplaced: ['virt_to_page'],
  hole: ['__pa'],
  nonCanonical: ['__pa'],
  physical: ['__va', 'phys_to_page'],
  bus: ['__va'],
  pfn: ['pfn_to_page'],
};

export const usualVerdicts = (
  world: AddressWorld,
  value: number,
  kind: AddressKind,
): readonly Verdict[] => USUAL[kind].map((use) => verdictOf(world, use, value));
