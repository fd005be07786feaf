/**
 * The examples in an order for learners, in chapters, each with one line on what it shows. Pure. An example that is not listed comes
 * after them, with the first sentence of its own comment. examples/README.md has the same list.
 */

export interface Example {
  readonly file: string;
  readonly shows: string;
  /** The chapter that it belongs to. */
  readonly group: string;
}

type Row = readonly [name: string, shows: string];

const CHAPTERS: readonly (readonly [string, readonly Row[]])[] = [
  [
    'Pages',
    [
      ['first-steps', 'A machine boots, pages come and go: the place to begin.'],
      ['split-a-block', 'A block is split and joined, a page is locked, an allocation fails.'],
      ['per-cpu-lists', 'Why most allocations never touch the buddy lists, and when they do.'],
      [
        'walk-free-lists',
        'The kernel’s own lists, walked by list_for_each_entry(): blocks, counted.',
      ],
      ['cma', 'A reserve for devices, lent to movable pages; why an allocation from it fails.'],
    ],
  ],
  [
    'Addresses',
    [
      [
        'kinds-of-address',
        'Logical, vmalloc, highmem and user addresses; on a real machine’s dump.',
      ],
      ['walk-an-address', 'From a virtual address to a byte: page tables, the TLB, a page fault.'],
      ['vmalloc-areas', 'Areas of vmalloc space, their guard pages, and when addresses come back.'],
      ['highmem-1-lowmem', 'Highmem, 1 of 3: 896 MiB by numbers, and pages without an address.'],
      [
        'highmem-2-windows',
        'Highmem, 2 of 3: kmap(), the wrap of its table, nested local mappings.',
      ],
      ['highmem-3-struct-pages', 'Highmem, 3 of 3: 64 GiB need 16,777,216 struct pages in lowmem.'],
    ],
  ],
  [
    'Objects',
    [
      ['slab-colours', 'Size classes and what they waste; the colours of slabs.'],
      [
        'use-after-free',
        'A use after free, an overflow and a double free, in the kernel’s own reports.',
      ],
    ],
  ],
  [
    'Tasks and CPUs',
    [
      ['lock-and-wait', 'Two tasks and one page lock: which one sleeps, and what wakes it.'],
      [
        'deadlock',
        'Two tasks, two page locks and an mmap_lock: who waits for whom, and a circle that never ends.',
      ],
      ['two-cpus', 'Two CPUs: page lists of their own, and counters that are late.'],
      ['per-cpu-counters', 'Counters without a lock: what each CPU holds back, and what a sum is.'],
    ],
  ],
  [
    'Processes',
    [
      [
        'malloc',
        'What malloc() asks of the kernel: brk(), mmap(), and pages that come when they are touched.',
      ],
      ['fork-and-cow', 'fork() copies no page: shared frames, copy-on-write, and a pin.'],
      [
        'hugetlb',
        'A pool of huge pages: promised by mmap(), taken by faults, copied on write, surplus, given back.',
      ],
      ['pin-five-cases', 'FOLL_PIN and FOLL_GET: the five cases of pin_user_pages.rst.'],
      [
        'one-byte-five-addresses',
        'User virtual, physical, bus, kernel logical, kernel virtual: one byte by all five.',
      ],
      ['cma-and-pins', 'Why a pin makes cma_alloc() fail, and what FOLL_LONGTERM does about it.'],
      [
        'transparent-huge-pages',
        'Transparent huge pages: a fault, a part unmapped, a split, the page of zeros, a collapse.',
      ],
    ],
  ],
  [
    'Compound pages',
    [
      ['compound-1-today', 'Compound pages, 1 of 3: heads and tails since Linux 4.4.'],
      ['compound-2-head-and-tail', 'Compound pages, 2 of 3: PG_head and PG_tail.'],
      [
        'compound-3-reclaim',
        'Compound pages, 3 of 3: PG_reclaim with two meanings, and its price.',
      ],
    ],
  ],
];

const IN_ORDER: readonly Example[] = CHAPTERS.flatMap(([group, rows]) =>
  rows.map(([name, shows]) => ({ file: `${name}.mms`, shows, group })),
);

/** @param texts of the scenarios that ship, by file name */
export function exampleList(texts: ReadonlyMap<string, string>): readonly Example[] {
  const others = [...texts.keys()]
    .filter((file) => IN_ORDER.every((example) => example.file !== file))
    .sort()
    .map((file) => ({ file, shows: firstComment(texts.get(file) ?? ''), group: 'More' }));
  return [...IN_ORDER.filter(({ file }) => texts.has(file)), ...others];
}

/** The first line of prose of a file's leading comment. */
function firstComment(text: string): string {
  return /^\s*(?:\/\/|\/\*\*?)[ \t]*\r?\n?[ \t*]*(.*?)\s*(?:\*\/)?$/m.exec(text)?.[1] ?? '';
}
