/** A machine with debug_vm=on: what Linux prints with CONFIG_DEBUG_VM, and what is told besides. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { debugVmIn } from '../../src/engine/image/boot/debugVm.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { profileWith } from '../../src/engine/types/bundled.js';
import { compileScenario, readScenario, ScenarioVm } from '../../src/scenario/index.js';
import { log, runToEnd } from './machines.js';

function run(
  text: string,
  debugVm = true,
  build: ProfileName = 'x86_64-slub',
  ramBytes = 32 << 20,
): ScenarioVm {
  const profile = profileWith(build, { debugVm });
  const { program } = compileScenario(text, profile);
  assert.ok(program, text);
  const vm = new ScenarioVm(program, bootMachine({ profile, ramBytes }), {
    kernel,
    name: 'test.mms',
  });
  runToEnd(vm);
  return vm;
}

const misuses = ({ tape }: ScenarioVm): readonly string[] =>
  tape
    .marksBetween(0, tape.cursor + 1)
    .flatMap(({ event }) => (event.kind === 'api-misuse' ? [event.text] : []));

const PAGE = 'struct page *p = alloc_page(GFP_KERNEL);\n';
const FREED = `${PAGE}__free_page(p);\n`;
const HISTORY = 'allocated at line 1 by alloc_page() and freed at line 2 by __free_page()';
const BLOCK = 'struct page *p = alloc_pages(GFP_KERNEL, 3);\n';
const COMPOUND = 'struct page *p = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);\n';

/** Text, what is told, and what Linux says last. */
const CASES: readonly (readonly [string, readonly RegExp[], string?])[] = [
  [
    `${FREED}__free_page(p);`,
    [
      RegExp(
        `^double free: __free_page\\(\\) of page 0x\\w+, ${HISTORY.replace(/[()]/g, '\\$&')}$`,
      ),
    ],
    'page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)',
  ],
  [
    `${FREED}put_page(p);`,
    [/^double free: put_page\(\) /],
    'page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)',
  ],
  [
    `${FREED}free_page((unsigned long)page_address(p));`,
    [/^use after free: page_address\(\)/, /^double free: free_page\(\) /],
    'page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)',
  ],
  [
    `put_page(pfn_to_page(0x1f00));`,
    [/^reference count below zero: put_page\(\) of page 0x1f00, whose _refcount is 0$/],
    'page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)',
  ],
  [
    `${FREED}get_page(p);`,
    [/^use after free: get_page\(\) of page .* freed at line 2 by __free_page\(\)$/],
    'page dumped because: VM_BUG_ON_FOLIO(folio_ref_zero_or_close_to_overflow(folio))',
  ],
  [`${FREED}lock_page(p);`, [/^use after free: lock_page\(\)/]],
  [`${FREED}SetPageDirty(p);`, [/^use after free: SetPageDirty\(\)/]],
  [
    `${PAGE}int *v = page_address(p);\n__free_page(p);\nint n = *v; v[4] = n; memset(v, 0, 64);`,
    [
      /^use after free: a read from 0xffff8880\w+, in page 0x\w+, allocated at line 1 .* freed at line 3/,
      /^use after free: a write to/,
      /^use after free: a write to/,
    ],
  ],
  [
    `${PAGE}lock_page(p);\n__free_page(p);`,
    [
      /^freed while locked: __free_page\(\) drops the last reference of page .*; call unlock_page\(\) first$/,
    ],
    'page dumped because: PAGE_FLAGS_CHECK_AT_FREE flag(s) set',
  ],
  [
    `${PAGE}p->_mapcount.counter = 1;\n__free_page(p);`,
    [/^freed while mapped: __free_page\(\) drops .*, which 2 entries map, allocated at line 1/],
    'page dumped because: nonzero mapcount',
  ],
  [
    `${COMPOUND}__free_pages(p, 2);`,
    [
      /^freed with another order: __free_pages\(\) with order 2 of page .*, a block of order 3, allocated at line 1/,
    ],
    'page dumped because: VM_BUG_ON_PAGE(compound && compound_order(page) != order)',
  ],
  [
    `${COMPOUND}__free_pages(p + 1, 0);`,
    [/reference count below zero: __free_pages\(\) of page/],
    'page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)',
  ],
  [
    `${BLOCK}__free_pages(p, 1);`,
    [
      /^freed with another order: .* of order 3, allocated at line 1 by alloc_pages\(\); 6 pages of it stay allocated$/,
    ],
  ],
  [`${PAGE}unlock_page(p);`, [], 'page dumped because: VM_BUG_ON_FOLIO(!folio_test_locked(folio))'],
  [`${COMPOUND}split_page(p, 3);`, [], 'page dumped because: VM_BUG_ON_PAGE(PageCompound(page))'],
  [`${PAGE}get_page(p); put_page(p); lock_page(p); unlock_page(p); __free_page(p);`, []],
  [
    `${COMPOUND}get_page(p + 3); put_page(p); put_page(p + 3); p = alloc_page(GFP_KERNEL); lock_page(p);`,
    [],
  ],
  ['VM_BUG_ON(0); VM_BUG_ON(1);', [], 'kernel BUG at test.mms:1!'],
];

describe('debug_vm=on', function () {
  for (const [text, told, printed] of CASES)
    it(text.replace(/\n/g, ' ').slice(-70), () => {
      const vm = run(text);
      const found = misuses(vm);
      assert.equal(found.length, told.length, found.join('\n'));
      told.forEach((pattern, i) => assert.match(found[i] ?? '', pattern));
      if (printed === undefined) assert.deepEqual(log(vm), []);
      else assert.ok(log(vm).includes(printed), log(vm).join('\n'));
    });

  it('tails are checked one by one', () => {
    const vm = run(`${COMPOUND}p[4].mapping = NULL;\n__free_pages(p, 3);`);
    assert.ok(log(vm).includes('page dumped because: corrupted mapping in tail page'));
  });

  it('without it nothing is told, and the kernel does what it did', () => {
    for (const [text] of CASES) assert.deepEqual(misuses(run(text, false)), []);
    const silent = run(`${FREED}__free_page(p);`, false);
    assert.deepEqual(log(silent), []);
    assert.deepEqual(log(run(`${FREED}VM_BUG_ON(1);`, false)), []);
  });

  it('kunmap() of what is not mapped, and sleeping where the task must not', () => {
    const high = run(
      'struct page *p = alloc_page(GFP_HIGHUSER);\nvoid *v = kmap(p); kunmap(p);\nkmap_flush_unused();\nkunmap(p);',
      true,
      'i386-highmem4g-slub',
      1 << 30,
    );
    assert.match(
      misuses(high)[0] ?? '',
      /^kunmap\(\) of page 0x\w+, which kmap\(\) has not mapped$/,
    );
    assert.equal(misuses(high).length, 1);
    const atomic = run(
      'spinlock_t l; spin_lock_init(&l);\nspin_lock(&l);\nalloc_page(GFP_ATOMIC); alloc_page(GFP_KERNEL);\nspin_unlock(&l);',
    );
    assert.match(misuses(atomic)[0] ?? '', /^sleeping call: alloc_page\(GFP_KERNEL\) may sleep/);
    assert.equal(misuses(atomic).length, 1);
  });

  it('is a parameter of the kernel', () => {
    for (const [line, on] of [
      ['debug_vm=on', true],
      ['quiet debug-vm', true],
      ['debug_vm=on debug_vm=off', false],
      ['', false],
      ['-- debug_vm=on', false],
    ] as const)
      assert.equal(debugVmIn(line), on, line);
    const { machine: spec, diagnostics } = readScenario(
      '#pragma mmscope machine ram=64M cmdline="debug_vm=on slab_nomerge" slab=slub\n',
    ) as ReturnType<typeof readScenario> & { diagnostics?: readonly unknown[] };
    assert.deepEqual(diagnostics ?? [], []);
    assert.equal(spec.kind === 'machine' && spec.commandLine, 'debug_vm=on slab_nomerge');
  });
});

describe("a scenario's own assertions about pages", () => {
  it('do nothing without CONFIG_DEBUG_VM, else they dump the page', () => {
    const text = `struct page *p = alloc_page(GFP_KERNEL);
VM_WARN_ON_ONCE_PAGE(page_count(p) == 1, p);
VM_BUG_ON_PAGE(page_count(p) == 1, p);
pr_info("on");`;
    assert.deepEqual(log(run(text, false)), ['on']);
    const lines = log(run(text)).filter((line) => /dumped because|BUG|WARNING/.test(line));
    assert.deepEqual(lines, [
      'page dumped because: VM_WARN_ON_ONCE_PAGE(page_count(p) == 1)',
      'WARNING: at test.mms:2: VM_WARN_ON_ONCE_PAGE(page_count(p) == 1, p)',
      'page dumped because: VM_BUG_ON_PAGE(page_count(p) == 1)',
      'kernel BUG at test.mms:3!',
    ]);
  });
});
