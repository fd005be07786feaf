/**
 * Random scenarios of processes, each from a seed: a tree of acts, of which any may be left out, so that a failing one can be made small.
 *
 *     A    0x20000000    8 pages   anonymous, private          T    0x24000000    2 huge   anonymous, of transparent huge pages
 *     S    0x20100000    6 pages   anonymous, shared           H    0x28000000    2 huge   of the pool (hugetlb)
 *     F    0x20200000    6 pages   a memfd, shared             X    0x2c000000             where mremap() moves things to
 *     P    0x20300000    6 pages   the same memfd, private
 *
 * What a process holds (references, pins, frames) is in its own variables; a child forgets what its parent holds.
 *
 * A range is not asked for in a pageblock that its zone ends in: Linux counts that block's free pages as free though nobody can have
 * them (i386-pae-slab-96M/contig-zone-end-s1 shows it), and no law of free lists holds any more.
 */
import type { ProfileName } from '../../../src/engine/types/profile.js';
import { random } from '../../engine/random.js';

export const BUILDS: readonly ProfileName[] = [
  'x86_64-slub',
  'i386-highmem4g-slub',
  'i386-pae-slab',
  'x86_64-slab',
  'x86_64-slub-smp',
];

/** A statement, or a child with what it does. */
export type Act = string | { readonly child: readonly Act[]; readonly isAwaited: boolean };

interface MachineChoice {
  readonly profile: ProfileName;
  readonly ramMiB: number;
  readonly highmemMiB: number;
  readonly cmaMiB: number;
  readonly cpus: number;
}

export interface RandomScenario {
  readonly seed: number;
  readonly machine: MachineChoice;
  /** What other threads of the first process do. */
  readonly threads: readonly (readonly Act[])[];
  readonly acts: readonly Act[];
  readonly setup: readonly string[];
}

type Random = (below: number) => number;
type Area = 'A' | 'S' | 'F' | 'P' | 'T' | 'H';

const PAGES: Readonly<Record<'A' | 'S' | 'F' | 'P', number>> = { A: 8, S: 6, F: 6, P: 6 };
const NR_HELD = 4;
const NR_FRAMES = 3;

const HEAD = `char sink; int fd, ncma; char block[100];
struct page *held[${NR_HELD}], *cma, *frames[${NR_FRAMES}]; int how[${NR_HELD}], order[${NR_FRAMES}];
#define RW (PROT_READ | PROT_WRITE)
#define HUGE (1UL << PMD_SHIFT)
#define A ((char *)0x20000000)
#define S ((char *)0x20100000)
#define F ((char *)0x20200000)
#define P ((char *)0x20300000)
#define T ((char *)0x24000000)
#define H ((char *)0x28000000)
#define X ((char *)0x2c000000)
void map_A(char *at, long size) { mmap(at, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); }
void map_S(char *at, long size) { mmap(at, size, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0); }
void map_F(char *at, long size) { mmap(at, size, RW, MAP_SHARED | MAP_FIXED, fd, at - F); }
void map_P(char *at, long size) { mmap(at, size, RW, MAP_PRIVATE | MAP_FIXED, fd, at - P); }
void map_T(char *at, long size) { mmap(at, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); }
void drop(int i) { struct page *it = held[i]; held[i] = NULL; if (!it) return; if (how[i] == 2) unpin_user_pages_dirty_lock(&it, 1, true); else if (how[i]) unpin_user_page(it); else put_page(it); }
void keep(int i, int kind, long n, struct page *it) { if (n == 1) { drop(i); held[i] = it; how[i] = kind; } }
void contig(struct page *it, unsigned long mask, int nr) { unsigned long pfn = page_to_pfn(it) & ~mask; int type = get_pageblock_migratetype(it) == MIGRATE_CMA ? MIGRATE_CMA : MIGRATE_MOVABLE; struct zone *zone = page_zone(it); put_page(it); if (zone_spans_pfn(zone, pfn & ~1023UL) && zone_spans_pfn(zone, (pfn + nr - 1) | 1023) && alloc_contig_range(pfn, pfn + nr, type, GFP_KERNEL | __GFP_NOWARN) == 0) free_contig_range(pfn, nr); }
void cma_take(int nr, int align) { struct page *it = cma_alloc(dma_contiguous_default_area, nr, align, true); if (it && cma) cma_release(dma_contiguous_default_area, it, nr); else if (it) { cma = it; ncma = nr; } }
void forget(void) { for (int i = 0; i < ${NR_HELD}; i++) held[i] = NULL; for (int i = 0; i < ${NR_FRAMES}; i++) frames[i] = NULL; cma = NULL; }
void drop_all(void) { for (int i = 0; i < ${NR_HELD}; i++) drop(i); for (int i = 0; i < ${NR_FRAMES}; i++) if (frames[i]) { __free_pages(frames[i], order[i]); frames[i] = NULL; } if (cma) cma_release(dma_contiguous_default_area, cma, ncma); cma = NULL; }`;

const PROTECTIONS = ['PROT_READ', 'RW', 'RW', 'PROT_NONE', 'PROT_READ | PROT_EXEC'];
const GUP_FLAGS = ['0', 'FOLL_WRITE', 'FOLL_WRITE', 'FOLL_FORCE | FOLL_WRITE', 'FOLL_FORCE'];
const ADVICE =
  `MADV_DONTNEED MADV_DONTNEED MADV_FREE MADV_FREE MADV_COLD MADV_PAGEOUT MADV_PAGEOUT MADV_WILLNEED MADV_HUGEPAGE MADV_NOHUGEPAGE MADV_DONTFORK MADV_DOFORK
  MADV_WIPEONFORK MADV_KEEPONFORK MADV_COLLAPSE MADV_COLLAPSE MADV_POPULATE_READ MADV_POPULATE_WRITE`.split(
    /\s+/,
  );

class Generator {
  private readonly pick = <T>(from: readonly T[]): T => from[this.random(from.length)] as T;

  constructor(
    private readonly random: Random,
    private readonly areas: readonly Area[],
    private readonly hasThreads: boolean,
    private readonly isSmp: boolean,
  ) {}

  /** Of an area: where, and how much, both as C. */
  private part(area: Area): { readonly at: string; readonly size: string } {
    const { random } = this;
    if (area === 'H') {
      const first = random(2);
      return { at: `H + ${first} * HUGE`, size: `${1 + random(2 - first)} * HUGE` };
    }
    if (area === 'T') {
      const whole = random(3) === 0;
      const first = random(2);
      if (whole) return { at: `T + ${first} * HUGE`, size: `${1 + random(2 - first)} * HUGE` };
      return {
        at: `T + ${first} * HUGE + ${random(500)} * PAGE_SIZE`,
        size: `${1 + random(12)} * PAGE_SIZE`,
      };
    }
    const first = random(PAGES[area]);
    return {
      at: `${area} + ${first} * PAGE_SIZE`,
      size: `${1 + random(PAGES[area] - first)} * PAGE_SIZE`,
    };
  }

  /** One of few more often than of all: acts are to meet on the same pages. */
  private page(area: Area = this.pick(this.areas)): string {
    const { random } = this;
    const isBig = area === 'H' || area === 'T';
    const within = random(3) > 0 ? 2 : isBig ? 1000 : PAGES[area];
    return `${area} + ${random(within)} * PAGE_SIZE`;
  }

  /** What is done to a page that a reference is taken to for the time. */
  private onPage(): string {
    const { random } = this;
    const pause = this.hasThreads || random(2) === 0 ? 'schedule(); ' : '';
    const what = this.pick([
      `lock_page(one[0]); ${pause}unlock_page(one[0]);`,
      `if (!PageTail(one[0]) && isolate_lru_page(one[0]) == 0) { ${pause}putback_lru_page(one[0]); }`,
      `if (!PageReserved(one[0]) && !PageCompound(one[0]) && !PageWriteback(one[0])) { lock_page(one[0]); wait_on_page_writeback(one[0]); set_page_writeback(one[0]); unlock_page(one[0]); ${pause}end_page_writeback(one[0]); }`,
      ...Array<string>(this.areas.includes('T') ? 3 : 0).fill(
        'if (PageCompound(one[0]) && !PageHuge(one[0])) { lock_page(one[0]); split_huge_page(one[0]); unlock_page(one[0]); }',
      ),
    ]);
    const area = this.areas.includes('T') && random(2) === 0 ? 'T' : this.pick(this.areas);
    return `{ struct page *one[1]; if (get_user_pages((unsigned long)(${this.page(area)}), 1, ${this.pick(GUP_FLAGS)}, one, NULL) == 1) { ${what} put_page(one[0]); } }`;
  }

  /** Transparent huge pages: made, split by their entries, made again. */
  private huge(): string {
    const { random } = this;
    const at = `T + ${random(2)} * HUGE`;
    return this.pick([
      `madvise(${at}, HUGE, MADV_COLLAPSE);`,
      `madvise(${at}, HUGE, MADV_COLLAPSE);`,
      `mprotect(T, 2 * HUGE, RW); put_user((char)2, ${at} + ${random(512)} * PAGE_SIZE); madvise(${at}, HUGE, MADV_COLLAPSE);`,
      `mprotect(${at} + ${random(500)} * PAGE_SIZE, PAGE_SIZE, RW); put_user((char)1, ${at});`,
      `madvise(${at} + ${random(500)} * PAGE_SIZE, 4 * PAGE_SIZE, MADV_DONTNEED);`,
      `munmap(${at}, HUGE); map_T(${at}, HUGE); ${random(2) === 0 ? 'put_user((char)3,' : 'get_user(sink,'} ${at});`,
    ]);
  }

  private remap(): string {
    const { random } = this;
    const area = this.pick(this.areas.filter((each) => each !== 'H'));
    const { at, size } = this.part(area);
    const more = `${1 + random(4)} * PAGE_SIZE`;
    switch (random(5)) {
      case 0:
        return `mremap(${at}, ${size}, ${size} + ${more}, MREMAP_MAYMOVE);`;
      case 1:
        return `mremap(${at}, ${size}, PAGE_SIZE, 0);`;
      case 2:
        return `{ char *to = X + ${random(8)} * ${random(2) === 0 ? 'HUGE' : 'PAGE_SIZE'}; if (mremap(${at}, ${size}, ${size}, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED) { put_user((char)1, to); munmap(to, ${size}); } }`;
      case 3:
        return `{ char *to = X + ${random(64)} * PAGE_SIZE; if (mremap(${at}, ${size}, ${size}, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to) mremap(to, ${size}, ${size}, MREMAP_MAYMOVE | MREMAP_FIXED, ${at}); }`;
      default:
        return `mremap(${at}, ${size}, ${size} + ${more}, 0);`;
    }
  }

  private map(): string {
    const { random } = this;
    const area = this.pick(this.areas);
    const { at, size } = this.part(area);
    if (area === 'H')
      return `mmap(${at}, ${size}, RW, ${this.pick(['MAP_SHARED', 'MAP_PRIVATE', 'MAP_PRIVATE | MAP_NORESERVE'])} | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);`;
    return `${random(2) === 0 ? `munmap(${at}, ${size}); ` : ''}map_${area}(${at}, ${size});`;
  }

  private hold(): string {
    const { random } = this;
    const i = random(NR_HELD);
    const flags = this.pick(GUP_FLAGS);
    const at = `(unsigned long)(${this.page()})`;
    const kind = random(2);
    const call = kind === 0 ? 'get' : 'pin';
    const how = kind === 0 ? 0 : 1 + random(2);
    const longTerm = kind === 1 && random(4) === 0 ? ' | FOLL_LONGTERM' : '';
    const calls = [
      `${call}_user_pages(${at}, 1, ${flags}${longTerm}, one, NULL)`,
      `${call}_user_pages(${at}, 1, ${flags}${longTerm}, one, NULL)`,
      `${call}_user_pages_fast(${at}, 1, ${flags}${longTerm}, one)`,
      `${call}_user_pages_fast_only(${at}, 1, ${flags}, one)`,
      `${call}_user_pages_unlocked(${at}, 1, one, ${flags})`,
      `${call}_user_pages_remote(current->mm, ${at}, 1, ${flags}, one, NULL, NULL)`,
    ];
    return `{ struct page *one[1]; drop(${i}); long n = ${this.pick(calls)}; keep(${i}, ${how}, n, one[0]); }`;
  }

  private file(): string {
    const { random } = this;
    const at = `${random(8)} * PAGE_SIZE + ${random(4000)}`;
    switch (random(6)) {
      case 0:
      case 1:
        return `pwrite(fd, block, ${1 + random(100)}, ${at});`;
      case 2:
        return `pread(fd, block, ${1 + random(100)}, ${at});`;
      case 3:
        return `ftruncate(fd, ${random(8)} * PAGE_SIZE + ${random(2) * random(4000)});`;
      case 4:
        return `lseek(fd, ${at}, SEEK_SET); write(fd, block, 50); read(fd, block, 50);`;
      default:
        return `close(fd); fd = memfd_create("again", 0); ftruncate(fd, 6 * PAGE_SIZE);`;
    }
  }

  private contiguous(): string {
    const { random } = this;
    if (random(3) === 0)
      return `if (cma) { cma_release(dma_contiguous_default_area, cma, ncma); cma = NULL; } else cma_take(${this.pick([1, 5, 64, 500, 2048, 4000])}, ${random(5)});`;
    const mask = this.pick([0, 0, 0, 1, 15, 511]);
    const nr = this.pick([1, 1, 2, 3, 16, 512]);
    return `{ struct page *one[1]; if (get_user_pages((unsigned long)(${this.page()}), 1, FOLL_FORCE, one, NULL) == 1) contig(one[0], ${mask}, ${nr}); }`;
  }

  private kernelPages(): string {
    const { random } = this;
    const i = random(NR_FRAMES);
    const gfp = this.pick(['GFP_KERNEL', 'GFP_KERNEL | __GFP_COMP', 'GFP_HIGHUSER_MOVABLE']);
    return `if (frames[${i}]) { __free_pages(frames[${i}], order[${i}]); frames[${i}] = NULL; } else { order[${i}] = ${random(10)}; frames[${i}] = alloc_pages(${gfp} | __GFP_NOWARN, order[${i}]); }`;
  }

  private others(): string {
    switch (this.random(9)) {
      case 0:
        return 'lru_add_drain();';
      case 1:
        return 'lru_add_drain_all();';
      case 2:
        return 'drain_all_pages(NULL);';
      case 3:
        return `sysctl("vm.nr_hugepages=${this.random(4)}");`;
      case 4:
        return `sysctl("vm.nr_overcommit_hugepages=${this.random(3)}");`;
      case 5:
        return `sbrk(${this.random(2) === 0 ? '' : '-'}${1 + this.random(3)} * PAGE_SIZE);`;
      case 6:
        return `put_user((char)1, (char *)current->mm->brk - ${this.random(2 * 4096)});`;
      case 7:
        return `put_user((char)1, (char *)current->mm->start_stack - ${this.random(12)} * PAGE_SIZE);`;
      default:
        return 'schedule();';
    }
  }

  private children(deep: number): Act {
    const { random } = this;
    const child = Array.from({ length: 1 + random(5) }, () => this.act(deep - 1));
    return { child, isAwaited: random(2) === 0 };
  }

  act(deep: number): Act {
    const { random } = this;
    const what = random(100);
    if (what < 26) {
      const at = this.page();
      if (random(8) === 0)
        return random(2) === 0 ? `sink = *(${at});` : `*(${at}) = ${random(100)};`;
      return random(3) === 0 ? `get_user(sink, ${at});` : `put_user((char)${random(100)}, ${at});`;
    }
    if (what < 34) return this.map();
    if (what < 39) {
      const { at, size } = this.part(this.pick(this.areas));
      return `munmap(${at}, ${size});`;
    }
    if (what < 45) {
      const { at, size } = this.part(this.pick(this.areas));
      return `mprotect(${at}, ${size}, ${this.pick(PROTECTIONS)});`;
    }
    if (what < 50) return this.remap();
    if (what < 57) {
      const { at, size } = this.part(this.pick(this.areas));
      return `madvise(${at}, ${size}, ${this.pick(ADVICE)});`;
    }
    if (what < 61) {
      const { at, size } = this.part(this.pick(this.areas));
      return `${random(2) === 0 ? 'mlock' : 'munlock'}(${at}, ${size});`;
    }
    if (what < 69) return this.hold();
    if (what < 71) return `drop(${random(NR_HELD)});`;
    if (what < 76) return this.areas.includes('T') && random(2) === 0 ? this.huge() : this.onPage();
    if (what < 80) return this.file();
    if (what < 85) return this.contiguous();
    if (what < 87) return this.kernelPages();
    if (what < 94 && deep > 0) return this.children(deep);
    if (what < 96) return 'wait(NULL);';
    if (this.isSmp && what < 98) return `cpu(1) { put_user((char)1, ${this.page()}); }`;
    return this.others();
  }
}

/** The scenario of a seed. @param build otherwise the seed picks one */
export function randomScenario(seed: number, build?: ProfileName): RandomScenario {
  const next = random(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 5; i++) next(2);
  const profile = build ?? BUILDS[seed % BUILDS.length] ?? 'x86_64-slub';
  const isSmp = profile === 'x86_64-slub-smp';
  const is32 = profile.startsWith('i386');
  const hasHuge = next(2) === 0;
  const hasPool = next(3) === 0;
  const hasThreads = next(4) === 0;
  const all: readonly Area[] = ['A', 'A', 'S', 'F', 'P', ...(hasHuge ? (['T', 'T'] as const) : [])];
  const areas: readonly Area[] = hasPool ? [...all, 'H', 'H'] : all;
  const generator = new Generator(next, areas, hasThreads, isSmp);
  const cmaMiB = [0, 8, 24, 24][next(4)] ?? 8;
  const setup = [
    // Most of what is free is CMA's then, and user pages come from there.
    ...(cmaMiB === 24
      ? [`for (int i = 0; i < ${4 + next(10)}; i++) alloc_pages(GFP_KERNEL | __GFP_NOWARN, 8);`]
      : []),
    ...(hasHuge
      ? [
          `transparent_hugepage_flags |= 1 << TRANSPARENT_HUGEPAGE_FLAG${next(2) === 0 ? ' | 1 << TRANSPARENT_HUGEPAGE_USE_ZERO_PAGE_FLAG' : ''};`,
        ]
      : []),
    'fd = memfd_create("file", 0); ftruncate(fd, 6 * PAGE_SIZE);',
    ...(['A', 'S', 'F', 'P'] as const).map(
      (area) => `map_${area}(${area}, ${PAGES[area]} * PAGE_SIZE);`,
    ),
    ...(hasHuge ? ['map_T(T, 2 * HUGE);'] : []),
    ...(hasPool
      ? [
          `sysctl("vm.nr_hugepages=${1 + next(4)}");`,
          `mmap(H, 2 * HUGE, RW, ${next(2) === 0 ? 'MAP_SHARED' : 'MAP_PRIVATE'} | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);`,
        ]
      : []),
  ];
  return {
    seed,
    machine: {
      profile,
      ramMiB: cmaMiB === 24 ? 48 : ([48, 64, 96][next(3)] ?? 64),
      highmemMiB: is32 && next(2) === 0 ? 16 : 0,
      cmaMiB,
      cpus: isSmp ? 2 : 1,
    },
    setup,
    threads: hasThreads ? [Array.from({ length: 4 + next(6) }, () => generator.act(0))] : [],
    acts: Array.from({ length: 20 + next(50) }, () => generator.act(2)),
  };
}

function lines(acts: readonly Act[], indent: string): string[] {
  return acts.flatMap((act) => {
    if (typeof act === 'string') return [indent + act];
    return [
      `${indent}if (fork() == 0) {`,
      `${indent}  forget();`,
      ...lines(act.child, `${indent}  `),
      `${indent}  drop_all(); exit(1);`,
      `${indent}}${act.isAwaited ? ' wait(NULL);' : ''}`,
    ];
  });
}

export function scenarioText({ setup, acts, threads }: RandomScenario): string {
  const others = threads.map(
    (each, i) =>
      `task other${i} {\n${lines(
        [...each].flatMap((act) => [act, 'schedule();']),
        '  ',
      ).join('\n')}\n}`,
  );
  return [
    HEAD,
    ...setup,
    ...others,
    ...lines(acts, ''),
    'drop_all(); while (wait(NULL) > 0);',
    'synchronize_rcu();',
  ].join('\n');
}
