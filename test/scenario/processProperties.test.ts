/**
 * What must hold in any scenario of processes, at each place of it (properties/): a few seeds here, thousands with `npm run properties`.
 * And that each law can be broken: a word that is changed behind the kernel's back is found.
 */
import assert from 'node:assert/strict';
import {
  folio_lruvec,
  follow_pte,
  lru_add_drain,
  page_zone,
  pte_page,
  set_pte,
} from '../../src/engine/entry/functions.js';
import type { MmStruct, Page } from '../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { NO_PTE } from '../../src/engine/machine/pteWords.js';
import { asVirt } from '../../src/engine/memory/address.js';
import type { ScenarioVm } from '../../src/scenario/index.js';
import { machine } from './machines.js';
import { Laws } from './properties/laws.js';
import { BUILDS, randomScenario, scenarioText } from './properties/randomScenario.js';
import { runScenario } from './properties/run.js';
import { spacesOf } from './properties/spaces.js';

function freePages({ image: { mm: k } }: ScenarioVm): number {
  return k.zones.reduce(
    (sum, zone) => sum + k.read_ulong(zone + k.zone.vm_stat + k.NR_FREE_PAGES * k.ptr_words),
    0,
  );
}

describe('random scenarios of processes', function () {
  this.timeout(0);

  for (const [i, build] of BUILDS.entries())
    it(`${build}: every law at each place, and time`, () => {
      const scenario = randomScenario(i + 1, build);
      const result = runScenario(scenario);
      if ('failure' in result)
        assert.fail(
          `seed ${scenario.seed}, statement ${result.failure.statement}: ${result.failure.message}\n${scenarioText(scenario)}`,
        );
      assert.ok(result.figures.statements > 30 && result.figures.mostMapped > 3);
    });

  it('give back all that they had: what remains is the same after two runs as after one', () => {
    const text = `int status; struct page *page[1];
for (int run = 0; run < 3; run++) {
  char *a = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *s = mmap(NULL, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 8; i++) { a[i * PAGE_SIZE] = i; s[i * PAGE_SIZE] = i; }
  if (fork() == 0) { a[0] = 1; if (pin_user_pages((unsigned long)s, 1, FOLL_WRITE, page, NULL) == 1) unpin_user_page(page[0]); exit(2); }
  wait(&status);
  munmap(a, 8 * PAGE_SIZE); munmap(s, 8 * PAGE_SIZE);
  synchronize_rcu(); lru_add_drain();
  pr_info("done");
}`;
    const vm = machine(text);
    const free: number[] = [];
    for (let i = 0; i < 4000 && free.length < 3; i++) {
      if (vm.runStatement().kind === 'exited') break;
      const done = vm.tape
        .marksBetween(0, vm.tape.cursor + 1)
        .filter(({ event }) => event.kind === 'printk' && event.text === 'done').length;
      if (done === free.length) continue;
      lru_add_drain(vm.image.mm);
      free.push(freePages(vm));
    }
    assert.equal(free.length, 3);
    assert.equal(free[2], free[1], free.join(', '));
  });
});

const AREA = 0x2000_0000;

/** What is changed behind the kernel's back, and how that is told. */
const DAMAGES: readonly {
  readonly what: string;
  readonly damage: (k: Kernel, page: Page, mm: MmStruct) => void;
  readonly told: RegExp;
}[] = [
  {
    what: 'a reference',
    damage: (k, page) => k.write(page + k.page._refcount, k.read_int(page + k.page._refcount) + 1),
    told: /_refcount of page 0x[0-9a-f]+: 1 mappings, 0 page cache, 0 batches, 0 gets, 1 pins/,
  },
  {
    what: 'a mapping',
    damage: (k, page) => k.write(page + k.page._mapcount, 1),
    told: /_mapcount \+ 1 of page/,
  },
  {
    what: 'rss',
    damage: (k, _page, mm) =>
      k.add_long(k.plus(mm, k.mm_struct.rss_stat + k.MM_ANONPAGES * k.ptr_words), 1),
    told: /rss: MM_ANONPAGES/,
  },
  {
    what: 'locked pages of an area',
    damage: (k, _page, mm) => k.add_long(k.plus(mm, k.mm_struct.locked_vm), 1),
    told: /total_vm, locked_vm/,
  },
  {
    what: 'membership of an LRU list',
    damage: (k, page) =>
      k.write(page + k.page.flags, k.read_int(page + k.page.flags) ^ (1 << k.PG_active)),
    told: /LRU list/,
  },
  {
    what: 'the size of an LRU list',
    damage: (k, page) =>
      k.add_long(
        page_zone(k, page) +
          k.zone.vm_stat +
          (k.NR_ZONE_LRU_BASE + k.LRU_INACTIVE_ANON) * k.ptr_words,
        1,
      ),
    told: /NR_ZONE_LRU_BASE/,
  },
  {
    what: 'a link of an LRU list',
    damage: (k) => {
      const head = folio_lruvec(k) + k.lruvec.lists + k.LRU_INACTIVE_ANON * k.stride.list_head;
      k.write_ptr(head + k.ptr_words, k.read_ptr(head));
    },
    told: /prev/,
  },
  {
    what: 'free pages of a zone',
    damage: (k, page) =>
      k.add_long(page_zone(k, page) + k.zone.vm_stat + k.NR_FREE_PAGES * k.ptr_words, -1),
    told: /NR_FREE_PAGES/,
  },
  {
    what: 'an entry that maps a page',
    damage: (k, _page, mm) => set_pte(k, follow_pte(k, mm, asVirt(AREA)), NO_PTE),
    told: /rss|_mapcount|_refcount/,
  },
  {
    what: 'the pages of anonymous memory that the node counts',
    damage: (k) => k.add_long(k.globals.vm_node_stat + k.NR_ANON_MAPPED * k.ptr_words, 1),
    told: /counters of the node/,
  },
];

describe('a law that is broken', () => {
  const text = `char *a = mmap((char *)0x${AREA.toString(16)}, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
struct page *one[1]; a[0] = 1; a[PAGE_SIZE] = 2; lru_add_drain();
pin_user_pages((unsigned long)a, 1, FOLL_WRITE, one, NULL);
pr_info("here");
unpin_user_page(one[0]);`;
  let vm: ScenarioVm;
  let laws: Laws;

  before(() => {
    vm = machine(text);
    laws = new Laws(vm);
    laws.check(true);
    for (let i = 0; i < 6; i++) vm.runStatement();
    laws.check(true);
  });

  for (const { what, damage, told } of DAMAGES)
    it(`is told: ${what}`, () => {
      const { mm: k } = vm.image;
      const [mm] = spacesOf(vm);
      assert.ok(mm !== undefined);
      const pte = follow_pte(k, mm, asVirt(AREA));
      assert.ok(pte !== 0);
      const whole = vm.tape.cursor;
      damage(k, pte_page(k, k.read_pte(pte)), mm);
      assert.throws(() => {
        laws.check(false);
      }, told);
      vm.tape.seek(whole);
      laws.check(true);
    });
});
