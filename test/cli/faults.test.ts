/** What `mmscope run` says of pointers that lead nowhere, of warnings and of requests that fail: in the kernel's words, with their place. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../src/cli/run/run.js';
import { scratchFolder } from '../scratch.js';

const scratch = scratchFolder();

interface Said {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** The file is `f.mms`, its first line the pragma. */
async function runText(text: string, machine = 'arch=x86_64 ram=256M'): Promise<Said> {
  const file = path.join(scratch, 'f.mms');
  writeFileSync(file, `#pragma mmscope machine ${machine}\n${text}\n`);
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(file, {
    out: (line) => void out.push(line.replaceAll(file, 'f.mms')),
    err: (line) => void err.push(line.replaceAll(file, 'f.mms')),
  });
  return { code, out, err };
}

const NULL_AT = (address: string): string =>
  `BUG: kernel NULL pointer dereference, address: 00000000000000${address}`;
const POISON_AT = (address: string): string =>
  `general protection fault, probably for non-canonical address 0x${address}: 0000 [#1]`;

const TWO_FREE = `struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);
__free_page(a); __free_page(b);`;
const FREE_BLOCK = `struct page *a = alloc_pages(GFP_KERNEL, 5), *b = alloc_pages(GFP_KERNEL, 5);
__free_pages(a, 5);`;

/** What is run, and the first line of the report. */
const FAULTS: readonly (readonly [string, string])[] = [
  [`${FREE_BLOCK} a->lru.next = NULL; alloc_pages(GFP_KERNEL, 5);`, NULL_AT('08')],
  [
    `${FREE_BLOCK} a->lru.next = (struct list_head *)-1; alloc_pages(GFP_KERNEL, 5);`,
    NULL_AT('07'),
  ],
  [`${TWO_FREE} a->lru.prev = NULL; drain_all_pages(NULL);`, NULL_AT('00')],
  [
    `${TWO_FREE} b->lru.next = NULL; alloc_page(GFP_KERNEL); alloc_page(GFP_KERNEL);`,
    NULL_AT('08'),
  ],
  // The head of a CPU's list: page->index of what would be the last page is looked at first.
  [`${TWO_FREE} b->lru.prev->prev = NULL; drain_all_pages(NULL);`, NULL_AT('18')],
  [
    `LIST_HEAD(h); struct page *p = alloc_page(GFP_KERNEL);
     list_add(&p->lru, &h); list_del(&p->lru); list_del(&p->lru);`,
    POISON_AT('dead000000000108'),
  ],
  [`struct list_head e = { (void *)8, (void *)8 }; list_del(&e);`, NULL_AT('10')],
  [`static struct list_head head, entry; list_add(&entry, &head);`, NULL_AT('08')],
  [`static struct list_head head, entry; list_add_tail(&entry, &head);`, NULL_AT('00')],
  [`static struct list_head head, entry; list_move_tail(&entry, &head);`, NULL_AT('08')],
  [`*(int *)ERR_PTR(-12) = 1;`, 'BUG: unable to handle page fault for address: fffffffffffffff4'],
  [
    `struct page *p = NULL; pr_info("%lx", p[-1].flags);`,
    'BUG: unable to handle page fault for address: ffffffffffffffc0',
  ],
  [`put_page(NULL);`, NULL_AT('08')],
  [`put_page_testzero(NULL);`, NULL_AT('34')],
  [`__free_pages(NULL, 0);`, NULL_AT('00')],
];

describe('mmscope run: what went wrong', function () {
  for (const [text, first] of FAULTS)
    it(`${first}: ${text.replace(/\s+/g, ' ').slice(-60)}`, async () => {
      const { code, out, err } = await runText(text);
      const report = out.findIndex((line) => line === first);
      assert.ok(report >= 0, out.join('\n'));
      assert.ok(
        first.startsWith('general') || /^#PF: supervisor/.test(out[report + 1] ?? ''),
        out.join('\n'),
      );
      assert.equal(code, 1);
      assert.ok(err.some((line) => line.endsWith(`task main died: ${first}`)));
    });

  it('blocks that are freed with wrong orders are pages with numbers', async () => {
    const { out } = await runText(
      `struct page *c = alloc_pages(GFP_KERNEL, 2); __free_pages(c, 0); drain_all_pages(NULL);
       struct page *d = alloc_pages(GFP_KERNEL, 2); __free_pages(d, 3); drain_all_pages(NULL);
       struct page *e = alloc_pages(GFP_KERNEL | __GFP_COMP, 2); __free_pages(e, 1); drain_all_pages(NULL);`,
    );
    assert.doesNotMatch(out.join('\n'), /NaN|undefined|page:0000000000000000/);
  });

  it('names the place, the rule and the calls', async () => {
    const { err } = await runText(
      'void inner(struct page *p) {\n  p->_refcount.counter = 1;\n}\nint outer(int n) { inner(NULL); return n; }\nouter(3);',
    );
    assert.deepEqual(err, [
      `f.mms:3:3: task main died: ${NULL_AT('34')}`,
      '  because PGD[0x0] is not present',
      '  in inner() at f.mms:3:3',
      '  in outer() at f.mms:5:20',
      '  in main at f.mms:6:1',
    ]);
  });

  const PTE = `unsigned long va = VMALLOC_START + 0x3000;
    pud_t *pud = pud_offset(p4d_offset(pgd_offset_k(va), va), va);
    pmd_t *pmd = pmd_alloc(&init_mm, pud, va);
    pte_t *pte = pte_alloc_kernel(pmd, va);`;

  it('prints the error code and the entries, with 4 levels', async () => {
    const { out, err } = await runText(
      `${PTE} set_pte(pte, __pte(0x800fffff12345063));\n*(unsigned long *)va = 0;`,
    );
    assert.equal(out[1], '#PF: supervisor write access in kernel mode');
    assert.equal(out[2], '#PF: error_code(0x000b) - reserved bit violation');
    assert.match(out[3] ?? '', /^PGD (\w+) P4D \1 PUD \w+067 PMD \w+067 PTE 800fffff12345063$/);
    assert.match(err[1] ?? '', /^ {2}because PTE\[0x3\] has reserved bits 40, .* set$/);
  });

  it('tells a read-only page from a missing one', async () => {
    const { out, err } = await runText(
      `${PTE} set_pte(pte, pte_wrprotect(mk_pte(alloc_page(GFP_KERNEL), PAGE_KERNEL)));
       pr_info("%lu", *(unsigned long *)va);\n*(unsigned long *)va = 0;`,
    );
    assert.equal(out[3], '#PF: error_code(0x0003) - permissions violation');
    assert.match(
      err[1] ?? '',
      /because the page is read-only, and CR0.WP applies that to the kernel/,
    );
  });

  for (const [arch, lines] of [
    ['i386', ['#PF: error_code(0x0002) - not-present page', '*pde = 00000000 ']],
    ['i386-pae', ['#PF: error_code(0x0002) - not-present page', '*pdpt = 0000000000000000 ']],
  ] as const)
    it(`prints the entries as ${arch} does`, async () => {
      const { out } = await runText('*(int *)16 = 1;', `arch=${arch} ram=64M`);
      assert.deepEqual(out.slice(0, 2), [
        'BUG: kernel NULL pointer dereference, address: 00000010',
        '#PF: supervisor write access in kernel mode',
      ]);
      assert.deepEqual(out.slice(2), lines);
    });

  it("prints the kernel's own warnings, once each", async () => {
    const { out } = await runText(
      'alloc_pages(GFP_KERNEL, 15);\nalloc_pages(GFP_KERNEL, 15);\nWARN_ON(1);',
    );
    assert.deepEqual(out, [
      'WARNING: at mm/page_alloc.c: __alloc_pages: order >= MAX_ORDER',
      'WARNING: at f.mms:4: WARN_ON(1)',
    ]);
  });

  it('says what holds for every #include at the first one', async () => {
    const { err } = await runText('#include <linux/mm.h>\n#include <linux/slab.h>\nint x = 1;');
    assert.deepEqual(
      err.filter((line) => line.includes('note:')),
      [
        'f.mms:2:1: note: no header is needed: every type, function and constant of the kernel is known already',
      ],
    );
  });

  it('says beside a failed request what a kernel would have done, and why it failed', async () => {
    const { out } = await runText('while (alloc_pages(GFP_KERNEL, 3));');
    const note = out.find((line) => line.startsWith('note:'));
    assert.match(
      note ?? '',
      /order 3 entered direct compaction, which moves nothing yet, entered direct reclaim, which asks shrinkers alone/,
    );
    assert.match(note ?? '', /DMA32: .* not above watermark|DMA32: /);
  });
});

describe('scenarios: values as Linux 6.1 has them', function () {
  const CASES: readonly (readonly [string, string, string?])[] = [
    [
      'entries that are not present are inverted',
      `
       expect(pte_pfn(__pte(0x800fffffe5a3c060)) == 0x1a5c3);
       expect(pte_page(__pte(0x800fffffe5a3c060)) == pfn_to_page(0x1a5c3));
       expect(pte_val(pfn_pte(0x1234, __pgprot(0x8000000000000120))) == 0x800ffffffedcb120);
       expect(pte_pfn(pfn_pte(0x1234, __pgprot(0x8000000000000120))) == 0x1234);
       expect(pte_val(pfn_pte(0x1234, __pgprot(0x63))) == 0x1234063);`,
    ],
    [
      '... with PAE',
      'expect(pte_pfn(pfn_pte(0x1234, 0x120)) == 0x1234); expect((pte_val(pfn_pte(0x1234, 0x120)) & 0xfffff000) == 0xfedcb000);',
      'i386-pae',
    ],
    ['... not with two levels', 'expect(pte_val(pfn_pte(0x1234, 0x120)) == 0x1234120);', 'i386'],
    [
      'stray A and D do not count, PSE does',
      `
       expect(pte_none(__pte(0x60)) == 1 && pmd_none(__pmd(0x40)) == 1 && pud_none(__pud(0x20)) == 1);
       expect(pmd_present(__pmd(0x80)) != 0 && pmd_present(__pmd(0x60)) == 0);
       expect(pgd_none(__pgd(0)) == 0 && pgd_present(__pgd(0)) == 1);
       expect(pud_none(__pud(0)) == 1 && pud_present(__pud(0)) == 0);`,
    ],
    [
      '... with two levels they do, and all but one level are folded',
      `
       expect(pte_none(__pte(0x60)) == 0 && pte_none(__pte(0)) == 1);
       expect(pgd_none(__pgd(0)) == 0 && pud_none(__pud(0)) == 0 && pud_present(__pud(0)) == 1 && p4d_present(__p4d(0)) == 1);`,
      'i386',
    ],
    [
      'get_order()',
      `unsigned long none = 0;
       expect(get_order(none) == 52 && get_order(1) == 0 && get_order(4096) == 0 && get_order(4097) == 1);
       expect(get_order(1UL << 54) == 42 && get_order((1UL << 54) + 1) == 43);
       expect(get_order(1UL << 63) == 51 && get_order((1UL << 63) + 1) == 52 && get_order(-1UL) == 52);`,
    ],
    [
      'get_order() of 32 bit',
      'unsigned long none = 0; expect(get_order(none) == 20 && get_order(-1UL) == 20 && get_order(1UL << 31) == 19);',
      'i386',
    ],
    [
      'alloc_pages_exact(-1UL) gives nothing and frees nothing',
      `unsigned long free = nr_free_pages();
       expect(alloc_pages_exact(-1UL, GFP_KERNEL) == NULL); expect(nr_free_pages() == free);`,
    ],
    [
      'the first variable may be the head of a list of pages',
      `
       LIST_HEAD(h); struct page *p;
       expect(alloc_pages_bulk_list(GFP_KERNEL, 3, &h) == 3);
       list_for_each_entry(p, &h, lru) put_page_testzero(p);
       free_unref_page_list(&h); expect(list_empty(&h));`,
    ],
  ];
  for (const [title, text, arch = 'x86_64'] of CASES)
    it(title, async () => {
      const { code, err } = await runText(text, `arch=${arch} ram=64M`);
      assert.deepEqual(err, []);
      assert.equal(code, 0);
    });

  it("dump_page() of a tail: the head's mapping, and the tail's place in the file", async () => {
    const { out } = await runText(
      'struct page *c = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);\nc->index = 7;\ndump_page(c + 3, "tail");',
    );
    assert.match(out[0] ?? '', /mapping:0000000000000000 index:0xa pfn:/);
    assert.ok(!out.some((line) => line.startsWith('invalid mapping')), out.join('\n'));
  });

  it('dump_page() of a mapping that cannot be read', async () => {
    const { out } = await runText(
      'struct page *c = alloc_page(GFP_KERNEL);\nc->mapping = (struct address_space *)0xdead000000000100;\ndump_page(c, "bad");',
    );
    assert.equal(out[1], 'invalid mapping:dead000000000100');
  });
});
