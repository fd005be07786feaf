/**
 * Happenings of processes: page faults by their kind, copies on write, pins. Each stop is in front of what is done about it.
 *
 * Source: Linux 6.1 mm/memory.c: handle_pte_fault() and what it calls; mm/gup.c: try_grab_page(), gup_put_folio().
 */
import type { VmFault } from '../../../engine/kernel/include/linux/mm_types.h.js';
import { VM_SHARED } from '../../../engine/kernel/include/linux/mm_types.h.js';
import { current } from '../../../engine/kernel/arch/x86/include/asm/current.h.js';
import {
  pmd_page,
  pte_pfn,
  pte_special,
} from '../../../engine/kernel/arch/x86/include/asm/pgtable.h.js';
import {
  is_huge_zero_pmd,
  is_pmd_migration_entry,
} from '../../../engine/kernel/include/linux/huge_mm.h.js';
import { page_folio, PageHead } from '../../../engine/kernel/include/linux/page-flags.h.js';
import { page_ref_count } from '../../../engine/kernel/include/linux/page_ref.h.js';
import {
  folio_mapcount,
  head_compound_pincount,
  nth_page,
  vma_is_anonymous,
} from '../../../engine/kernel/include/linux/mm.h.js';
import {
  pfn_swap_entry_to_page,
  pte_to_swp_entry,
} from '../../../engine/kernel/include/linux/swapops.h.js';
import type { Page, Pmd } from '../../../engine/machine/ctypes.js';
import type { VirtAddr } from '../../../engine/memory/address.js';
import type { Kernel } from '../../../engine/machine/kernel.js';
import { counted } from '../../../engine/view/counted.js';
import { addressText, entryOf, hex, type Facts, type Happening } from './happening.js';

const pidOf = (k: Kernel): number => k.read_int(k.plus(current(k), k.task_struct.pid));

/** Kinds of fault, each 0 or 1. */
const KINDS = ['anonymous', 'file', 'shared', 'huge', 'cow', 'protection', 'spurious'] as const;
type Kind = (typeof KINDS)[number];

/** @param kinds those that the function says; whose the memory is, the area does */
function faultFacts(k: Kernel, vmf: VmFault, kinds: readonly Kind[]): Facts {
  const { vma, flags } = vmf;
  const isAnonymous = vma_is_anonymous(k, vma);
  const isShared = (k.read_int(k.plus(vma, k.vm_area_struct.vm_flags)) & VM_SHARED) !== 0;
  const all = new Set<Kind>(kinds).add(isAnonymous ? 'anonymous' : 'file');
  if (isShared) all.add('shared');
  const is = (kind: Kind): number => (all.has(kind) ? 1 : 0);
  return {
    address: vmf.real_address,
    write: (flags & k.FAULT_FLAG_WRITE) === 0 ? 0 : 1,
    exec: (flags & k.FAULT_FLAG_INSTRUCTION) === 0 ? 0 : 1,
    anonymous: is('anonymous'),
    file: is('file'),
    shared: is('shared'),
    huge: is('huge'),
    cow: is('cow'),
    protection: is('protection'),
    spurious: is('spurious'),
    pid: pidOf(k),
  };
}

const faultIn = (fn: FaultFunction, ...kinds: Kind[]) =>
  entryOf({ fn, facts: (k, { vmf }) => faultFacts(k, vmf, kinds) });

type FaultFunction =
  | 'do_anonymous_page'
  | 'do_read_fault'
  | 'do_cow_fault'
  | 'do_shared_fault'
  | 'do_wp_page'
  | '__do_huge_pmd_anonymous_page'
  | 'do_huge_pmd_wp_page';

/** `anonymous, write` */
function kindText(facts: Facts): string {
  const kinds = KINDS.filter((kind) => facts[kind] === 1);
  const access = facts['exec'] === 1 ? 'fetch' : facts['write'] === 1 ? 'write' : 'read';
  return [...kinds, access].join(', ');
}

/** Whether a page that is written is copied; of a private page of a file as well, at its first write. */
function cowFacts(k: Kernel, vmf: VmFault): Facts {
  const isZero = pte_special(vmf.orig_pte);
  return {
    address: vmf.real_address,
    pfn: vmf.page === 0 ? pte_pfn(k, vmf.orig_pte) : k.page_to_pfn(vmf.page),
    zero: isZero ? 1 : 0,
    file: vma_is_anonymous(k, vmf.vma) ? 0 : 1,
    pid: pidOf(k),
  };
}

function pinFacts(k: Kernel, page: Page): Facts {
  const folio = page_folio(k, page);
  const isCompound = PageHead(k, folio);
  const pins = isCompound
    ? (k.words[nth_page(k, folio, 1) + k.page.compound_pincount] ?? 0)
    : Math.floor(page_ref_count(k, folio) / k.GUP_PIN_COUNTING_BIAS);
  return {
    pfn: k.page_to_pfn(page),
    pins,
    references: page_ref_count(k, folio),
    compound: isCompound ? 1 : 0,
    pid: pidOf(k),
  };
}

function hugePageFacts(k: Kernel, page: Page): Facts {
  const folio = page_folio(k, page);
  return {
    pfn: k.page_to_pfn(folio),
    mappings: folio_mapcount(k, folio),
    references: page_ref_count(k, folio),
    pins: head_compound_pincount(k, folio),
    pid: pidOf(k),
  };
}

interface SplitPmd {
  readonly pmd: Pmd;
  readonly haddr: VirtAddr;
  readonly freeze: boolean;
}

function splitPmdFacts(k: Kernel, { pmd, haddr, freeze }: SplitPmd): Facts {
  const entry = k.read_pte(pmd);
  const page = is_pmd_migration_entry(k, entry)
    ? pfn_swap_entry_to_page(k, pte_to_swp_entry(k, entry))
    : pmd_page(k, entry);
  return {
    address: haddr,
    pfn: k.page_to_pfn(page),
    zero: is_huge_zero_pmd(k, entry) ? 1 : 0,
    freeze: freeze ? 1 : 0,
    mappings: folio_mapcount(k, page),
    pid: pidOf(k),
  };
}

const times = (count: number): string => (count === 1 ? '' : ` ${count} times`);

export const PROCESS_HAPPENINGS: readonly Happening[] = [
  {
    id: 'page-fault',
    label: 'Page fault',
    description:
      'Stops where the kernel is about to give a process the page that its access asks for, or has found that it was there.',
    knows: `address write exec ${KINDS.join(' ')} pid`,
    example: 'cow || protection && write',
    watches: [
      faultIn('do_anonymous_page'),
      faultIn('do_read_fault'),
      faultIn('do_cow_fault', 'cow'),
      faultIn('do_shared_fault'),
      faultIn('do_wp_page', 'protection'),
      faultIn('__do_huge_pmd_anonymous_page', 'huge'),
      faultIn('do_huge_pmd_wp_page', 'huge', 'protection'),
      // The page of zeros.
      entryOf({
        fn: 'set_huge_zero_page',
        calledBy: 'do_huge_pmd_anonymous_page',
        stopIn: 'caller',
        facts: (k, _locals, { vmf }) => faultFacts(k, vmf, ['huge']),
      }),
      entryOf({
        fn: 'ptep_set_access_flags',
        calledBy: 'handle_pte_fault',
        stopIn: 'caller',
        facts: (k, _locals, { vmf }) => faultFacts(k, vmf, ['spurious']),
      }),
    ],
    sentence: (k, facts) =>
      `page fault (${kindText(facts)}) at ${addressText(k, facts['address'])} of pid ${facts['pid']}`,
  },
  {
    id: 'cow-break',
    label: 'Copy on write',
    description:
      'Stops where a page that others have, too, is about to be copied for the process that writes to it.',
    knows: 'address pfn zero file pid',
    example: 'pfn == page_to_pfn(page) && !zero',
    watches: [entryOf({ fn: 'wp_page_copy', facts: (k, { vmf }) => cowFacts(k, vmf) })],
    sentence: (k, { address, pfn, zero, pid }) =>
      `copy on write: pid ${pid} gets a page of its own at ${addressText(k, address)}, ` +
      (zero === 1 ? 'in place of the page of zeros' : `a copy of pfn ${hex(pfn)}`),
  },
  {
    id: 'cow-reuse',
    label: 'Page reused at a write',
    description:
      'Stops where a process that alone has a write-protected page is about to get it back writable, without a copy.',
    knows: 'address pfn zero file pid',
    example: 'address == (unsigned long)buf',
    watches: [entryOf({ fn: 'wp_page_reuse', facts: (k, { vmf }) => cowFacts(k, vmf) })],
    sentence: (k, { address, pfn, pid }) =>
      `reuse: pfn ${hex(pfn)} becomes writable for pid ${pid} at ${addressText(k, address)}, nobody else has it`,
  },
  {
    id: 'page-pinned',
    label: 'Page pinned',
    description: 'Stops where pin_user_pages() and its like are about to pin a page.',
    knows: 'pfn pins references compound longterm pid',
    example: 'longterm && pfn >= 0x1000',
    watches: [
      entryOf({
        fn: 'try_grab_page',
        facts: (k, { page, flags }) =>
          (flags & k.FOLL_PIN) === 0
            ? undefined
            : {
                ...pinFacts(k, page),
                longterm: (flags & k.FOLL_LONGTERM) === 0 ? 0 : 1,
              },
      }),
    ],
    sentence: (_k, { pfn, pins = 0, references = 0, pid, longterm }) =>
      `pin: pfn ${hex(pfn)} by pid ${pid}${longterm === 1 ? ', for long' : ''}; ` +
      `until now ${counted(pins, 'pin')}, ${counted(references, 'reference')}`,
  },
  {
    id: 'page-unpinned',
    label: 'Page unpinned',
    description: 'Stops where unpin_user_page() and its like are about to end a pin.',
    knows: 'pfn pins count references compound pid',
    example: 'pins == 1',
    watches: [
      entryOf({
        fn: 'gup_put_folio',
        facts: (k, { folio, refs, flags }) =>
          (flags & k.FOLL_PIN) === 0 ? undefined : { ...pinFacts(k, folio), count: refs },
      }),
    ],
    sentence: (_k, { pfn, pins = 0, references = 0, count = 1, pid }) =>
      `unpin${times(count)}: pfn ${hex(pfn)} by pid ${pid}; until now ${counted(pins, 'pin')}, ${counted(references, 'reference')}`,
  },
  {
    id: 'huge-entry-split',
    label: 'Entry of a huge page split',
    description:
      'Stops where the entry that maps a huge page is about to become a table: a part of it is unmapped, protected, moved or written.',
    knows: 'address pfn zero freeze mappings pid',
    example: '!zero && mappings > 1',
    watches: [entryOf({ fn: '__split_huge_pmd_locked', facts: splitPmdFacts })],
    sentence: (k, { address, pfn, zero, freeze }) =>
      `split: the entry of ${zero === 1 ? 'the huge page of zeros' : `huge page pfn ${hex(pfn)}`} at ` +
      `${addressText(k, address)} becomes a table${freeze === 1 ? ', whose entries wait for the page to be split' : ''}`,
  },
  {
    id: 'huge-page-split',
    label: 'Huge page split',
    description:
      'Stops where a huge page is about to be split into small ones, which fails if it has references that nobody knows of.',
    knows: 'pfn mappings references pins pid',
    example: 'references > mappings + 1',
    watches: [
      entryOf({ fn: 'split_huge_page_to_list', facts: (k, { page }) => hugePageFacts(k, page) }),
    ],
    sentence: (_k, { pfn, mappings = 0, references = 0 }) =>
      `split: huge page pfn ${hex(pfn)} has ${counted(references, 'reference')}, ${mappings} of mappings`,
  },
  {
    id: 'collapse',
    label: 'Small pages collapsed',
    description:
      'Stops where the small pages of a huge page’s addresses are about to be copied to one huge page: MADV_COLLAPSE.',
    knows: 'address pid',
    example: 'address == (unsigned long)buf',
    watches: [
      entryOf({
        fn: 'collapse_huge_page',
        facts: (k, { address }) => ({ address, pid: pidOf(k) }),
      }),
    ],
    sentence: (k, { address, pid }) =>
      `collapse: pid ${pid} gets one huge page at ${addressText(k, address)}`,
  },
  {
    id: 'page-migrated',
    label: 'Page migrated',
    description:
      'Stops where a page has moved to another frame: out of CMA, out of a range of frames, under a pin that lasts.',
    knows: 'pfn to',
    example: 'pfn >= 0x1000 && to < 0x1000',
    watches: [
      {
        at: 'told',
        kind: 'migrate',
        facts: (_k, event) =>
          event.kind === 'migrate' && event.outcome === 'moved'
            ? { pfn: event.pfn, to: event.to }
            : undefined,
      },
    ],
    sentence: (_k, { pfn, to }) => `migrated: pfn ${hex(pfn)} -> pfn ${hex(to)}`,
  },
  {
    id: 'migration-failed',
    label: 'Page cannot be migrated',
    description:
      'Stops where a page that should move stays: it is pinned, or somebody has a reference that nobody knows of.',
    knows: 'pfn pinned references',
    example: 'pinned && pfn == page_to_pfn(page)',
    watches: [
      {
        at: 'told',
        kind: 'migrate',
        facts: (k, event) =>
          event.kind === 'migrate' && event.outcome !== 'moved'
            ? {
                pfn: event.pfn,
                pinned: event.outcome === 'pinned' ? 1 : 0,
                references: page_ref_count(k, k.pfn_to_page(event.pfn)),
              }
            : undefined,
      },
    ],
    sentence: (_k, { pfn, pinned, references }) =>
      `not migrated: pfn ${hex(pfn)} has ${counted(references, 'reference')}` +
      (pinned === 1 ? ', more than mappings' : ''),
  },
];
