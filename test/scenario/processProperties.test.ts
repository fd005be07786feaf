/**
 * What must hold in any scenario of processes, at each place of it: who maps a page is counted by it, pages of an address space are its rss, a page
 * that is mapped and in no batch is on an LRU list; at its end all memory is free again; and time goes back and forth.
 *
 * A few scenarios by default; `MMSCOPE_RANDOM=5000 node scripts/mocha.mjs test/scenario/processProperties.test.ts` runs as many.
 */
import assert from 'node:assert/strict';
import {
  follow_pte,
  get_mm_counter,
  lru_add_drain,
  page_mapcount,
  PageAnon,
  pte_page,
  pte_present,
  pte_special,
} from '../../src/engine/entry/functions.js';
import type { MmStruct, Page } from '../../src/engine/machine/ctypes.js';
import { MA_STATE, mapleMax } from '../../src/engine/kernel/include/linux/maple_tree.h.js';
import { mas_find } from '../../src/engine/kernel/lib/maple_tree.js';
import { asVirt } from '../../src/engine/memory/address.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import type { ScenarioVm } from '../../src/scenario/index.js';
import { machine } from './machines.js';

const NR_SCENARIOS = Number(process.env['MMSCOPE_RANDOM'] ?? 6);
const PROFILES: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab'];

/** xorshift32. */
function generator(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const PAGES = 6;

/** Statements on two buffers, of which a child makes some, too. Whoever pins, unpins. */
function randomScenario(seed: number): string {
  const random = generator(seed);
  const page = (): string => `${random(2) === 0 ? 'a' : 'b'} + ${random(PAGES)} * PAGE_SIZE`;
  const touch = (): string =>
    random(3) === 0 ? `sink = *(${page()});` : `*(${page()}) = ${random(100)};`;
  const act = (deep: number): string => {
    switch (random(deep > 0 ? 9 : 7)) {
      case 0:
        return `madvise(${page()}, PAGE_SIZE, MADV_DONTNEED);`;
      case 1:
        return `mprotect(${page()}, PAGE_SIZE, PROT_READ); mprotect(a, ${PAGES} * PAGE_SIZE, PROT_READ | PROT_WRITE); mprotect(b, ${PAGES} * PAGE_SIZE, PROT_READ | PROT_WRITE);`;
      case 2:
        return `n = pin_user_pages((unsigned long)(${page()}), 1, ${random(2) === 0 ? 'FOLL_WRITE' : '0'}, pages, NULL); if (n == 1) unpin_user_page(pages[0]);`;
      case 3:
        return `{ char *p = ${page()}; munmap(p, PAGE_SIZE); mmap(p, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); }`;
      case 7:
      case 8:
        return `if (fork() == 0) { ${Array.from({ length: 3 }, () => act(deep - 1)).join(' ')} exit(1); }${random(2) === 0 ? ' wait(NULL);' : ''}`;
      default:
        return touch();
    }
  };
  const shared = random(2) === 0 ? 'MAP_SHARED' : 'MAP_PRIVATE';
  return `char sink; long n; struct page *pages[1];
char *a = mmap(NULL, ${PAGES} * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
char *b = mmap(NULL, ${PAGES} * PAGE_SIZE, PROT_READ | PROT_WRITE, ${shared} | MAP_ANONYMOUS, -1, 0);
${Array.from({ length: 12 }, () => act(2)).join('\n')}
while (wait(NULL) > 0);
munmap(a, ${PAGES} * PAGE_SIZE); munmap(b, ${PAGES} * PAGE_SIZE);
synchronize_rcu();`;
}

/** Each page that an address space maps, with its areas looked through. */
function* mappedPages({ image: { mm: k } }: ScenarioVm, mm: MmStruct): IterableIterator<Page> {
  const mas = MA_STATE(k.plus(mm, k.mm_struct.mm_mt), 0, 0);
  for (let vma = mas_find(k, mas, mapleMax(k)); vma !== 0; vma = mas_find(k, mas, mapleMax(k))) {
    const start = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_start));
    const end = k.read_ulong(k.plus(vma, k.vm_area_struct.vm_end));
    for (let va = start; va < end; va += 4096) {
      const pte = follow_pte(k, mm, asVirt(va));
      const entry = pte === 0 ? 0n : k.read_pte(pte);
      if (pte_present(entry) && !pte_special(entry)) yield pte_page(k, entry);
    }
  }
}

/** The address spaces that there are, each once. */
function spacesOf(vm: ScenarioVm): readonly MmStruct[] {
  const { mm: k } = vm.image;
  const spaces = vm
    .tasks()
    .filter(({ status }) => status === 'ready' || status === 'waiting')
    .map(({ pid }) => vm.taskStruct(pid))
    .map((task) => (task === 0 ? task : k.read_ptr(k.plus(task, k.task_struct.mm))));
  return [...new Set(spaces)].filter((mm) => mm !== 0);
}

function checkCounts(vm: ScenarioVm): void {
  const { mm: k } = vm.image;
  const mapped = new Map<Page, number>();
  for (const mm of spacesOf(vm)) {
    let anon = 0;
    let all = 0;
    for (const page of mappedPages(vm, mm)) {
      mapped.set(page, (mapped.get(page) ?? 0) + 1);
      all++;
      if (PageAnon(k, page)) anon++;
    }
    const [file, shmem] = [k.MM_FILEPAGES, k.MM_SHMEMPAGES].map((of) => get_mm_counter(k, mm, of));
    assert.equal(get_mm_counter(k, mm, k.MM_ANONPAGES), anon, 'MM_ANONPAGES');
    assert.equal((file ?? 0) + (shmem ?? 0), all - anon, 'MM_FILEPAGES, MM_SHMEMPAGES');
  }
  for (const [page, nr] of mapped) {
    const pfn = k.page_to_pfn(page).toString(16);
    assert.equal(page_mapcount(k, page), nr, `_mapcount of ${pfn}`);
    // An entry each, and a file's page cache; a batch may have another one.
    const references = k.read_int(page + k.page._refcount);
    const least = nr + (PageAnon(k, page) ? 0 : 1);
    // Each process has one pin at most, between two statements.
    const pins = Math.floor((references - least) / k.GUP_PIN_COUNTING_BIAS);
    const batches = references - least - pins * k.GUP_PIN_COUNTING_BIAS;
    assert.ok(
      pins >= 0 && pins <= vm.tasks().length && batches <= 1,
      `_refcount of ${pfn}: ${references}, ${nr} entries`,
    );
    const isOnList = ((k.words[page + k.page.flags] ?? 0) & (1 << k.PG_lru)) !== 0;
    assert.ok(isOnList || batches === 1, `${pfn} is on no LRU list and in no batch`);
  }
}

function freePages({ image: { mm: k } }: ScenarioVm): number {
  const free = k.zones.reduce(
    (sum, zone) => sum + k.read_ulong(zone + k.zone.vm_stat + k.NR_FREE_PAGES * k.ptr_words),
    0,
  );
  return free;
}

function checkScenario(seed: number, profile: ProfileName): void {
  const text = randomScenario(seed);
  const vm = machine(text, profile);
  const places: { readonly position: number; readonly hash: string }[] = [];
  try {
    for (let i = 0; i < 4000; i++) {
      places.push({ position: vm.tape.cursor, hash: vm.tape.hash() });
      checkCounts(vm);
      const result = vm.runStatement();
      assert.ok(result.kind !== 'failed' && result.kind !== 'deadlock', JSON.stringify(result));
      if (result.kind === 'exited') break;
    }
    const end = vm.tape.hash();
    for (const { position, hash } of places.slice().reverse()) {
      vm.tape.seek(position);
      assert.equal(vm.tape.hash(), hash, `at ${position}`);
    }
    vm.tape.seek(vm.tape.end);
    assert.equal(vm.tape.hash(), end);
  } catch (error) {
    throw new Error(`seed ${seed} on ${profile}: ${String(error)}\n${text}`, { cause: error });
  }
}

describe('random scenarios of processes', function () {
  this.timeout(0);

  for (const profile of PROFILES)
    it(`${profile}: counts, lists, and time`, () => {
      for (let seed = 1; seed <= NR_SCENARIOS; seed++) checkScenario(seed, profile);
    });

  it('give back all that they had: what remains is the same after two runs as after one', () => {
    const twice = (text: string): ScenarioVm => {
      const vm = machine(
        `for (int run = 0; run < 3; run++) {\n${text}\nlru_add_drain();\npr_info("done");\n}`,
      );
      return vm;
    };
    for (let seed = 1; seed <= Math.max(2, NR_SCENARIOS / 2); seed++) {
      const vm = twice(randomScenario(seed));
      const free: number[] = [];
      let seen = 0;
      for (let i = 0; i < 20_000; i++) {
        const result = vm.runStatement();
        const done = vm.tape
          .marksBetween(0, vm.tape.cursor + 1)
          .filter(({ event }) => event.kind === 'printk' && event.text === 'done').length;
        if (done > seen) {
          seen = done;
          lru_add_drain(vm.image.mm);
          free.push(freePages(vm));
        }
        if (result.kind === 'exited' || seen === 3) break;
      }
      assert.equal(free.length, 3, `seed ${seed}`);
      assert.equal(free[2], free[1], `seed ${seed}: ${free.join(', ')}`);
    }
  });
});
