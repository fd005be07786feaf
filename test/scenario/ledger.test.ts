/** What a scenario has not given back: true wherever the cursor is, whatever the call was that dropped the last reference. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { notGivenBackTexts, type ScenarioVm } from '../../src/scenario/index.js';
import { TapeLedger } from '../../src/scenario/ledger/ledger.js';
import { random } from '../engine/random.js';
import { machine, PROFILES, runToEnd } from './machines.js';

const texts = (vm: ScenarioVm): readonly string[] => notGivenBackTexts(vm.holdings.notGivenBack());

const KEEPS = `struct page *a = alloc_pages(GFP_KERNEL, 3);
__free_pages(a, 1);
void f(void) { alloc_page(GFP_KERNEL); get_zeroed_page(GFP_KERNEL); }
for (int i = 0; i < 3; i++) f();
void *e = alloc_pages_exact(5 * 4096, GFP_KERNEL);
struct page *all[4] = {};
alloc_pages_bulk_array(GFP_KERNEL, 4, all);
put_page(all[1]);
task t { alloc_page(GFP_KERNEL); }`;

describe('what a scenario has not given back', function () {
  for (const profile of PROFILES)
    it(`${profile}: pages, each with its place`, () => {
      const vm = machine(KEEPS, profile);
      runToEnd(vm);
      assert.deepEqual(texts(vm), [
        '21 pages not given back: allocated at line 1 by alloc_pages() (6), at line 3 by alloc_page() (3), ' +
          'at line 3 by get_zeroed_page() (3), at line 5 by alloc_pages_exact() (5), at line 7 by alloc_pages_bulk_array() (3), at 1 more place',
      ]);
      const [first, , , exact] = vm.holdings.notGivenBack();
      assert.deepEqual(first, {
        kind: 'pages',
        count: 6,
        sizeBytes: 6 * 4096,
        orders: [1, 2],
        line: 1,
        function: 'alloc_pages',
        task: 'main',
      });
      assert.equal(exact?.count, 5);
      assert.equal(vm.holdings.notGivenBack().at(-1)?.task, 't');
    });

  for (const [title, text] of [
    [
      'references',
      'struct page *p = alloc_page(GFP_KERNEL); get_page(p); __free_page(p); put_page(p);',
    ],
    [
      'addresses',
      'free_pages(__get_free_pages(GFP_KERNEL, 2), 2); free_page(get_zeroed_page(GFP_KERNEL));',
    ],
    ['exact sizes', 'free_pages_exact(alloc_pages_exact(20000, GFP_KERNEL), 20000);'],
    [
      'split blocks',
      'struct page *p = alloc_pages(GFP_KERNEL, 2); split_page(p, 2); for (int i = 0; i < 4; i++) __free_page(p + i);',
    ],
    ['folios', 'struct folio *f = folio_alloc(GFP_KERNEL, 4); put_page((struct page *)f);'],
    [
      'lists',
      'LIST_HEAD(h); struct page *p; alloc_pages_bulk_list(GFP_KERNEL, 5, &h); list_for_each_entry(p, &h, lru) put_page_testzero(p); free_unref_page_list(&h);',
    ],
    [
      'ranges',
      'unsigned long s = 0x1400; if (alloc_contig_range(s, s + 48, MIGRATE_MOVABLE, GFP_KERNEL) == 0) free_contig_range(s, 48);',
    ],
    ['tables of pages', 'struct page *p = pte_alloc_one(&init_mm); pte_free(&init_mm, p);'],
  ] as const)
    it(`${title}: all is given back`, () => {
      const vm = machine(text);
      runToEnd(vm);
      assert.deepEqual(texts(vm), []);
    });

  it('a reference that is left keeps the page', () => {
    const vm = machine('struct page *p = alloc_page(GFP_KERNEL);\nget_page(p);\n__free_page(p);');
    runToEnd(vm);
    assert.deepEqual(texts(vm), ['1 page not given back: allocated at line 1 by alloc_page()']);
  });

  it('what the console allocates is its own', () => {
    const vm = machine('int n = 0;\nn++;');
    vm.runStatement();
    vm.evaluate('alloc_page(GFP_KERNEL)', vm.frames(0)[0], { sideEffects: true });
    assert.deepEqual(texts(vm), ['1 page not given back: allocated in the debug console']);
  });

  it('is true at every place in time, and running on again is the same', () => {
    const vm = machine(KEEPS);
    const at: { position: number; said: readonly string[] }[] = [];
    for (;;) {
      at.push({ position: vm.tape.cursor, said: texts(vm) });
      const { kind } = vm.runStatement();
      if (kind === 'exited') break;
    }
    const next = random(3);
    for (let i = 0; i < 60; i++) {
      const there = at[next(at.length)];
      assert.ok(there);
      vm.tape.seek(there.position);
      assert.deepEqual(texts(vm), there.said);
    }
    const [first] = at;
    vm.tape.seek(first?.position ?? 0);
    runToEnd(vm);
    assert.deepEqual(texts(vm), at.at(-1)?.said);
  });

  it('a long loop that gives everything back takes no memory', () => {
    const after = (times: number): ScenarioVm => {
      const vm = machine(`for (int i = 0; i < ${times}; i++) __free_page(alloc_page(GFP_KERNEL));`);
      runToEnd(vm);
      return vm;
    };
    const vm = after(20_000);
    assert.equal(vm.image.memory.nrTouchedFrames, after(1000).image.memory.nrTouchedFrames);
    assert.deepEqual(texts(vm), []);
  });

  it('objects by address: as a map has them, forward and back, through growing tables', () => {
    const { mm, tape } = bootMachine({ profile: loadProfile('x86_64-slub'), ramBytes: 32 << 20 });
    let place = 1;
    const ledger = new TapeLedger(mm, () => ({ place, task: 0 }));
    const next = random(11);
    const model = new Map<number, number>();
    const states: { position: number; held: ReadonlyMap<number, number> }[] = [];
    const held = (): Map<number, number> =>
      new Map([...ledger.heldOthers()].map((one) => [one.address, one.allocated.place]));
    for (let i = 0; i < 6000; i++) {
      const address = -0x7780_0000_0000 + next(4000) * 32;
      place = i + 1;
      if (next(3) === 0) {
        ledger.freed('object', address);
        model.delete(address);
      } else {
        ledger.allocated({ kind: 'object', address, sizeBytes: 32 });
        model.set(address, place);
      }
      if (i % 500 === 0) states.push({ position: tape.cursor, held: new Map(model) });
    }
    assert.deepEqual(held(), model);
    for (const state of states.toReversed()) {
      tape.seek(state.position);
      assert.deepEqual(held(), state.held);
    }
    ledger.allocated({ kind: 'cache', address: 64, sizeBytes: 8 });
    ledger.freed('object', 64);
    assert.ok([...ledger.heldOthers()].some(({ kind }) => kind === 'cache'));
  });
});
