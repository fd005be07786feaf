/**
 * What each check means: the reasons that bad_page() prints, and the conditions of VM_BUG_ON_PAGE().
 *
 * Source: Linux mm/page_alloc.c: page_bad_reason(), free_tail_page_prepare(); mm/internal.h, include/linux/mm.h, page_ref.h, page-flags.h.
 */
import { plural } from '../render/amount.js';
import type { PageDump } from './pageDump.js';
import type { PageType } from './pageType.js';
import type { Moment } from './whenHurt.js';

export interface Reason {
  /** For the headline: `its reference count is -2`. */
  readonly short: string;
  readonly items: readonly string[];
}

export interface Counts {
  readonly refcount: number | undefined;
  readonly mapcount: number | undefined;
  readonly type?: PageType | undefined;
  /** page->private: of a free block its order. */
  readonly order?: bigint | undefined;
}

export function reasonOf(
  dump: PageDump,
  counts: Counts,
  moment: Moment | undefined,
): Reason | undefined {
  const { because } = dump;
  if (because === undefined) return undefined;
  const condition = /VM_(?:BUG|WARN)_ON(?:_ONCE)?_(?:PAGE|FOLIO)\((.*)\)$/.exec(because)?.[1];
  if (condition !== undefined) return conditionReason(condition, counts, dump);
  const pattern = writtenOver(dump);
  if (pattern !== undefined)
    return {
      short: `its struct page was written over with bytes ${pattern}`,
      items: [
        `Fields that have nothing to do with each other hold one byte repeated (${pattern}): none of them is what the kernel stored. Data ended up on the struct page itself (a wild write, a device that writes by DMA to a wrong address, or bad memory); which check failed first means nothing. Neighbouring pages are likely to be reported, too.`,
      ],
    };
  if (/^nonzero _(?:ref)?count/.test(because)) return countReason(counts.refcount ?? 0, moment);
  if (because.startsWith('nonzero mapcount') && counts.type)
    return typeReason(counts.type, counts, moment);
  if (because.startsWith('nonzero mapcount') && (counts.mapcount ?? 0) < 0)
    return {
      short: `its map count is ${counts.mapcount ?? 0}: it was unmapped ${plural(-(counts.mapcount ?? 0), 'time')} more often than it was mapped`,
      items: [
        dump.flagNames?.includes('tail') === true
          ? `It is a tail of a compound page. Until 4.4 the map count of a tail counts the references that get_page() took to it: put_page() was called for this tail ${plural(-(counts.mapcount ?? 0), 'time')} too often.`
          : 'page_remove_rmap() was called for a page that was not mapped: an entry that was inserted without being counted, or one that was zapped twice.',
      ],
    };
  if (because.startsWith('nonzero mapcount'))
    return {
      short: `it is still mapped (mapcount ${counts.mapcount ?? 0})`,
      items: [
        moment === 'while-free'
          ? 'A page table was pointed at it while it was free, or its count was lowered too little when it was unmapped.'
          : 'It was freed while page tables still point to it: a put_page() too many by a driver that maps pages, or a missed unmap. The process that has it mapped goes on using it after the next owner has it.',
      ],
    };
  if (because.startsWith('non-NULL mapping'))
    return {
      short: 'its mapping is still set',
      items: [
        moment === 'while-free'
          ? 'page->mapping was written while the page was free.'
          : 'It was freed while it belongs to a file or to an anonymous area: freed under the page cache, or a driver left its own pointer in page->mapping.',
      ],
    };
  if (because.includes('CHECK_AT_FREE')) return flagsReason(dump, 'at-free');
  if (because.includes('CHECK_AT_PREP')) return flagsReason(dump, 'while-free');
  if (/still charged to cgroup/.test(because))
    return {
      short: 'it is still charged to a memory cgroup',
      items: [
        'The page was freed without being uncharged (page->memcg_data): it was taken with __GFP_ACCOUNT and freed by another path, or the word was overwritten.',
      ],
    };
  if (/still mapped when deleted/.test(because))
    return {
      short: `it is still mapped (mapcount ${counts.mapcount ?? 0}) and was taken out of the page cache`,
      items: [
        'A file was truncated or deleted, all its mappings were removed first, and one was left: somebody mapped the page meanwhile without the lock of the file, or a map count was raised and not lowered. The page is kept (it leaks), so that the one who has it mapped does no harm.',
      ],
    };
  if (/page_pool leak/.test(because))
    return {
      short: 'it belongs to a page pool (page_pool leak)',
      items: [
        "Its pp_magic is set: a network driver's page pool has the page, and it was freed by put_page() or __free_page() instead of page_pool_put_page() (or skb_mark_for_recycle() was forgotten).",
      ],
    };
  if (because.startsWith('pagealloc: corrupted'))
    return {
      short: `it was written to while it was free${dump.poison === 'single bit error' ? ', one bit of it' : ''} (page poisoning found it)`,
      items: [
        'Free pages are filled with 0xaa (page_poison=1), and this one had other bytes when it was allocated again. Its former owner, or a device by DMA, went on using it after it was freed; the task that allocates it now has no part in it. The rows above the dump show the bytes that are not 0xaa.',
        dump.poison === 'single bit error'
          ? 'One single bit differs: bad memory is as likely as a stray write.'
          : 'With page_owner=on the dump tells who had the page before.',
      ],
    };
  if (/tail page/.test(because))
    return {
      short: `a tail of a compound page is wrong (${because})`,
      items: [
        'Somebody wrote into the struct page of a tail: mapping, index or list of a single page of a compound one, such as a driver that keeps something in tails, or a block freed with another order.',
      ],
    };
  if (/pincount/.test(because))
    return {
      short: `it is still pinned${dump.pincount === undefined ? '' : ` (${plural(dump.pincount, 'pin')})`}`,
      items: [
        'Its pin count is not 0: pin_user_pages() took it and unpin_user_page() did not give it back, yet its reference count came to 0: what was pinned was put by put_page(), which takes off a reference and no pin. A device may still write to it.',
      ],
    };
  const moved = unmovedReason(because, dump, counts);
  if (moved) return moved;
  return { short: `it was printed because of "${because}"`, items: [] };
}

/** alloc_contig_range() and memory hotplug print pages that they cannot move. Source: mm/page_alloc.c, mm/memory_hotplug.c, mm/page_isolation.c. */
function unmovedReason(because: string, dump: PageDump, counts: Counts): Reason | undefined {
  if (/^migration failure/.test(because)) {
    const pins = dump.pincount ?? 0;
    return {
      short: `it could not be moved away (migration failure)${pins > 0 ? `, it has ${plural(pins, 'pin')}` : ''}`,
      items: [
        `A range was to be emptied (alloc_contig_range(), CMA, memory to be taken offline, compaction), and somebody holds ${counts.refcount === undefined ? 'references' : `references (${counts.refcount} in all)`} beyond those of the page tables and the page cache: ${pins > 0 ? 'pin_user_pages() for DMA' : 'get_user_pages(), a file system that has the page under IO, or a short race'}. No check failed and nothing is damaged.`,
      ],
    };
  }
  if (/^unmovable page/.test(because))
    return {
      short: "it cannot be moved (unmovable page): it is the kernel's",
      items: [
        'A range was to be isolated (memory to be taken offline, CMA, huge pages of 1 GiB), and this page is neither free nor on the lists of reclaim: slab, page tables, a driver. movable_node or kernelcore= keeps such pages out of a range.',
      ],
    };
  if (/^kasan: bad access/.test(because))
    return {
      short: 'KASAN found a bad access to it',
      items: [
        'The report of KASAN is missing from the text: it says which bytes, and by which function.',
      ],
    };
  return undefined;
}

/** The map count is a type: nobody unmapped anything. */
function typeReason(
  { isBuddy, text }: PageType,
  { mapcount, order }: Counts,
  moment: Moment | undefined,
): Reason {
  if (!isBuddy)
    return {
      short: `it is still marked as ${text.replace(/:.*$/, '')}`,
      items: [
        `Its map count ${mapcount ?? ''} is not a count but a type (${text}): it was freed without that mark being taken off.`,
      ],
    };
  const block =
    order !== undefined && order > 0n && order <= 10n
      ? ` page->private ${order} is the order of the free block that begins there (${plural(2 ** Number(order), 'page')}).`
      : '';
  return {
    short: 'it lies on a free list already: it was freed twice',
    items: [
      `Its map count ${mapcount ?? ''} is not a count: it is the mark of the buddy allocator (PG_buddy), which only pages on its free lists have.${block}`,
      moment === 'while-free'
        ? 'A page that is marked as free was taken from a list that has only pages without the mark: the lists are corrupt, most likely by an earlier double free.'
        : "Somebody freed the page once more after it was free (__free_pages() twice, a block freed with a larger order than it has, or free_pages() of a part of somebody else's block).",
    ],
  };
}

/** The byte that at least two fields of the struct page repeat, and that no field holds by itself. */
function writtenOver({ flagsWord, refcount, mapping, memcg }: PageDump): string | undefined {
  const repeated = [
    flagsWord,
    refcount === undefined ? undefined : BigInt(refcount),
    mapping,
    memcg,
  ].flatMap((value) => {
    if (value === undefined) return [];
    const word = value & 0xffffffffn;
    const byte = word & 0xffn;
    return byte !== 0n && byte !== 0xffn && word === byte * 0x01010101n
      ? [`0x${byte.toString(16)}`]
      : [];
  });
  return repeated.length >= 2 ? [...new Set(repeated)].join(', ') : undefined;
}

function countReason(refcount: number, moment: Moment | undefined): Reason {
  if (refcount < 0)
    return {
      short: `its reference count is ${refcount}: put_page() was called ${plural(-refcount, 'time')} too often`,
      items: [
        `put_page() was called ${plural(-refcount, 'time')} more than there were references, ${moment === 'at-free' ? 'before it was freed this time' : 'after the page had been freed: it lay on a free list with a negative count'}.`,
        'To find the culprit: stop where _refcount of this page goes below zero (in mmscope the exception filter "reference count", with the condition pfn == ...; in a kernel page_owner, and CONFIG_DEBUG_VM or the tracepoint page_ref_mod).',
      ],
    };
  return {
    short: `its reference count is ${refcount}`,
    items: [
      moment === 'while-free'
        ? `Somebody took ${plural(refcount, 'reference')} to a page that was free (get_page() through a stale pointer), or memory was overwritten.`
        : `It was freed while ${plural(refcount, 'reference')} ${refcount === 1 ? 'is' : 'are'} held: whoever holds it goes on using a page that the next owner gets.`,
    ],
  };
}

const FLAG_MEANINGS: Readonly<Record<string, string>> = {
  locked: 'locked: somebody is in the middle of IO on it',
  lru: "lru: it is still on reclaim's lists",
  active: 'active: still accounted to the active list',
  private: 'private: buffers of a file system are attached',
  private_2: 'private_2: fscache has it',
  writeback: 'writeback: it is being written to disk',
  slab: 'slab: it is a slab; free objects with kfree(), not the page',
  reserved:
    'reserved: never given to the allocator (boot memory, a hole), so it cannot be freed to it',
  swapcache: 'swapcache: it is in the swap cache',
  unevictable: 'unevictable: on the unevictable list',
  mlocked: 'mlocked: locked into memory by a process',
  hwpoison: 'hwpoison: it has a memory error',
};

/** PAGE_FLAGS_CHECK_AT_FREE of any release; others, such as uptodate, may be set. */
const AT_FREE: ReadonlySet<string> = new Set(
  'lru locked private private_2 writeback slab swapcache reserved active unevictable mlocked compound_lock tail'.split(
    ' ',
  ),
);

function flagsReason(dump: PageDump, moment: Moment): Reason {
  const printed = dump.flagNames ?? [];
  const atFree = printed.filter((flag) => AT_FREE.has(flag));
  const flags = dump.badFlags ?? (moment === 'at-free' && atFree.length > 0 ? atFree : printed);
  const when =
    moment === 'at-free' ? 'still set when the page was freed' : 'set while the page was free';
  const items = flags.map((flag) => `${FLAG_MEANINGS[flag] ?? flag}.`);
  if (flags.length === 1 && moment === 'while-free')
    items.push(
      'A single flag that nobody would set alone may be a flipped bit: test the memory if such reports differ from each other.',
    );
  return {
    short: `${flags.length === 0 ? 'flags are' : `${flags.join(', ')} ${flags.length === 1 ? 'is' : 'are'}`} ${when}`,
    items,
  };
}

interface Condition {
  readonly pattern: RegExp;
  readonly reason: (counts: Counts, dump: PageDump) => Reason;
}

const plain =
  (short: string, ...items: string[]): (() => Reason) =>
  () => ({ short, items });

const CONDITIONS: readonly Condition[] = [
  {
    pattern: /^page_ref_count\(page\)$/,
    reason: ({ refcount }, { order }) => ({
      short: `set_page_refcounted() got a page whose count is ${refcount ?? 'not 0'}`,
      items: [
        `set_page_refcounted() (mm/internal.h) gives a fresh page its first reference: it wants a count of 0 and found ${refcount ?? 'another'}.`,
        order === undefined
          ? 'The page was prepared twice, or it was never free: pages that boot had given a reference (freshly initialised memory) were used as if they came from the free lists.'
          : `It is the head of a compound page of order ${order}: the compound page was prepared twice, or pages that boot had given a reference (freshly initialised memory that was never freed) were used as if they came from the free lists.`,
        'Only with CONFIG_DEBUG_VM; without it the count is silently set to 1 again.',
      ],
    }),
  },
  {
    pattern: /^page_ref_count\(page\) == 0$|^folio_ref_count\(folio\) == 0$/,
    reason: plain(
      'put_page() on a page whose count is already 0',
      'One put_page() too many, or a put through a stale pointer: the page is free already.',
    ),
  },
  {
    pattern: /127u|page_ref_zero_or_close_to_overflow|folio_ref_zero_or_close/,
    reason: ({ refcount }) => ({
      short: `get_page() on a page whose count is ${refcount ?? 0}`,
      items: [
        (refcount ?? 0) <= 0
          ? 'get_page() wants a page that somebody holds already; this one is free. The pointer is stale, or the page is a tail of a block that was taken without __GFP_COMP: only its first page has a reference.'
          : 'The count is about to overflow: references are taken and never given back.',
      ],
    }),
  },
  {
    pattern: /compound_order\(page\) != order/,
    reason: plain(
      'a compound page was freed with another order than it was allocated with',
      'The order of __free_pages() has to be that of alloc_pages(); or a page of its middle was freed.',
    ),
  },
  {
    pattern: /^!?Page(?:Locked|Lru)|^!?folio_test_locked/i,
    reason: ({ refcount }) => ({
      short: 'the page is not locked as the caller has to have it',
      items: [
        `The function may only be called with the page locked (count ${refcount ?? '?'}); a caller unlocked it too early, or never locked it.`,
      ],
    }),
  },
  {
    pattern: /PageTail\(page\)|PageTail/,
    reason: plain(
      'a tail of a compound page was given where the head is wanted',
      'Use compound_head() or page_folio() first: flags and counts of a compound page are in its head.',
    ),
  },
  {
    pattern: /PagePoisoned|PF_POISONED_CHECK/,
    reason: plain(
      'the struct page was never initialised',
      'Its words are all ones: the pfn lies in a hole, in memory that was not onlined yet, or is used before the memory map is set up. pfn_valid() alone does not tell; pfn_to_online_page() does.',
    ),
  },
  {
    pattern: /PageSlab/,
    reason: plain(
      'the page is a slab',
      'A slab page was given to a function for ordinary pages (get_page, mapping to user space): take its objects with kmalloc()/kfree() only, and pages from alloc_pages().',
    ),
  },
  {
    pattern: /bad_range|zone_spans_pfn/,
    reason: plain(
      'the page does not lie in the zone that its flags name',
      'The zone or node field of its flags is wrong: overwritten, or the page was moved between zones (hotplug).',
    ),
  },
  {
    pattern: /page_mapcount|_mapcount|folio_mapped/,
    reason: ({ mapcount }) => ({
      short: `its map count is ${mapcount ?? 'wrong'}`,
      items: ['Maps and unmaps of the page do not balance.'],
    }),
  },
];

function conditionReason(condition: string, counts: Counts, dump: PageDump): Reason {
  const known = CONDITIONS.find(({ pattern }) => pattern.test(condition));
  return (
    known?.reason(counts, dump) ?? {
      short: `the check ${condition} is true, which must not be`,
      items: [
        `VM_BUG_ON_PAGE(${condition}) stops when its condition is true; only with CONFIG_DEBUG_VM.`,
      ],
    }
  );
}
