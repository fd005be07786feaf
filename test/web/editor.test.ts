/** The pure halves of the editor's features: what a hover means, inline values, hex dumps, the grammar's words. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { addressAt } from '../../src/extension/address/addressAt.js';
import { staticMarkdown } from '../../src/extension/address/staticReport.js';
import { checkScenario } from '../../src/extension/language/checkScenario.js';
import { expressionAt } from '../../src/extension/language/expressionAt.js';
import { assignedIn, shortValue, valuesUpTo } from '../../src/extension/language/variablesIn.js';
import { hexDump } from '../../src/extension/map/hexDump.js';

/** `|` is where the pointer is. */
const HOVERS: readonly (readonly [string, string | undefined])[] = [
  ['x = pa|ge->flags;', 'page'],
  ['x = page->fl|ags;', 'page->flags'],
  ['x = zone->free|_area[3].nr_free;', 'zone->free_area[3]'],
  ['x = zone->free_area[|3].nr_free;', 'zone->free_area[3]'],
  ['x = zone->free_area[3].nr|_free;', 'zone->free_area[3].nr_free'],
  ['x = pages[|i]->lru.next;', 'i'],
  ['x = pages[i|]->lru.next;', 'pages[i]'],
  ['x = pages[i]->lru.ne|xt;', 'pages[i]->lru.next'],
  ['x = free_area|[3];', 'free_area[3]'],
  ['x = (*page).fl|ags;', '(*page).flags'],
  ['x = ((struct page *)v)->fl|ags;', '((struct page *)v)->flags'],
  ['x = 0xffff|ea0000000040;', '0xffffea0000000040'],
  ['x = 4|2;', undefined],
  ['alloc_|pages(GFP_KERNEL, 0);', undefined],
  ['virt_to_page(p)->fl|ags', undefined],
  ['alloc_pages(GFP_KER|NEL, 0);', 'GFP_KERNEL'],
  ['i|f (page) return;', undefined],
  ['pr_info("page->fl|ags");', undefined],
  ['x = 1; // page->fl|ags', undefined],
  ['str|uct page *page;', undefined],
];

describe('a hover', () => {
  for (const [text, expected] of HOVERS)
    it(`${text}  means  ${expected ?? 'nothing'}`, () => {
      const column = text.indexOf('|');
      const line = text.replace('|', '');
      const found = expressionAt(line, column);
      assert.equal(found?.text, expected);
      if (found !== undefined) assert.equal(line.slice(found.start, found.end), expected);
    });
});

/** `|` is where the pointer is; what is meant: expression, meant, use. */
const ADDRESSES: readonly (readonly [string, string | undefined])[] = [
  ['x = 0xffff|ea0000000040;', '0xffffea0000000040'],
  ['p = __p|a(0xf0801000);', '0xf0801000 use __pa'],
  ['p = virt_to_pag|e(addr + (i << 2));', 'addr + (i << 2) use virt_to_page'],
  ['p = __pa(0xf08|01000);', '0xf0801000'],
  ['p = 0xf08|01000UL;', '0xf0801000'],
  ['p = 0xffff8880|00100000ull;', '0xffff888000100000'],
  ['// p|fn 0x1f40 is free', '0x1f40 pfn'],
  ['page:ffffea0000040000 refcount:1 pfn:0x10|00', '0x1000 pfn'],
  ['page:ffffea00|00040000 refcount:1', 'ffffea0000040000'],
  ['BUG: unable to handle page fault for address: c08|01f3c', 'c0801f3c'],
  ['BIOS-e820: [mem 0x0000000000001|000-0x000000000009fbff] usable', '0x0000000000001000 physical'],
  ['BIOS-e820: [mem 0x0000000000001000-0x00000|0000009fbff] usable', '0x000000000009fbff physical'],
  ['at physical address 0x1f40|000', '0x1f40000 physical'],
  ['dma_addr=0x1f40|000', '0x1f40000 bus'],
  ['BUG: Bad page state in process insmod  pf|n:0bfe0', '0x0bfe0 pfn'],
  ['BUG: Bad page state in process insmod  pfn:123|45', '0x12345 pfn'],
  ['CR0: 80050033 CR2: cc7f|1000 CR3: 01911000', '0xcc7f1000 virtual'],
  ['CR0: 80050033 CR2: cc7f1000 CR3: 0191|1000', '0x1911000 physical'],
  ['CR2: ffffc90000003000 CR3: 000000000240|a805 CR4: 00000000000006b0', '0x240a000 physical'],
  ['CR3: 000000000240a805 CR4: 00000000000|006b0', 'A register of flags'],
  ['PGD 2400|067 P4D 2400067 PUD 25f3067 PMD 25f4067 PTE 0', '0x2400000 physical'],
  ['PGD 2400067 P4D 2400067 PTE 800ffff|fa7598063', '0xfffffa7598000 physical'],
  ['PGD 2400067 P4D 2400067 PUD 25f3067 PTE |0', 'An entry of a page table that is not present'],
  ['*pdpt = 0000000001a4d|001 *pde = 0000000000000000', '0x1a4d000 physical'],
  [
    '*pdpt = 0000000001a4d001 *pde = 00000000|00000000',
    'An entry of a page table that is not present',
  ],
  ['page:0000000067|17c747 refcount:1 mapcount:0', 'A hashed pointer'],
  ['flags: 0x8008|001e(referenced|uptodate)', 'Flags of a page'],
  ['insmod: page allocation failure: order:5, mode:0x40|cc0(GFP_KERNEL)', 'A GFP mask'],
  ['page = pfn_to_page(0x90|00);', '0x9000 pfn'],
  [`${'x'.repeat(100_000)} pfn 0x1|f40${' 0x1f41'.repeat(20_000)}`, '0x1f40 pfn'],
  ['x = 0x|40;', undefined],
  ['12345|678 pages', undefined],
  ['alloc_pag|es(GFP_KERNEL, 0)', undefined],
];

describe('an address under the pointer', () => {
  for (const [text, expected] of ADDRESSES)
    it(`${text.length > 200 ? 'in a long line' : text}  is  ${expected ?? 'none'}`, () => {
      const found = addressAt(text.replace('|', ''), text.indexOf('|'));
      const { expression, meant, use, what } = found ?? {};
      if (what !== undefined) {
        assert.ok(expected !== undefined && what.startsWith(expected), what);
        return;
      }
      const said = [expression, meant, use && `use ${use}`].filter((part) => part !== undefined);
      assert.equal(said.length === 0 ? undefined : said.join(' '), expected);
    });

  for (const [pragma, expression, pattern] of [
    [
      'machine arch=i386 ram=1G',
      '0xc1f40000',
      /kernel logical address[^]*`__pa\(0xc1f40000\)` = `0x1f40000`/,
    ],
    ['machine arch=i386 ram=1G', '0xf8801000', /vmalloc address[^]*use vmalloc\\_to\\_page\(\)/],
    ['machine arch=i386 ram=1G', '0x08048000', /user virtual address/],
    ['machine arch=x86_64 ram=4G', '0xffffea0000040000', /struct page[^]*0x1000000/],
    [
      'machine arch=x86_64 ram=4G',
      '(void *)0x400000ul',
      /`__pa\(0x0000000000400000\)` = `0x778000400000`/,
    ],
    ['machine arch=x86_64 ram=4G', '0xffffffff81000000', /kernel image address[^]*0x1000000/],
    [
      'core "data/i386-highmem4g-slub-256M.vmcore.gz"',
      '0xc1801080',
      /logical[^]*The machine is in a file/,
    ],
  ] as const)
    it(`before it runs: ${expression} of ${pragma}`, () => {
      const text = `#pragma mmscope ${pragma}\n`;
      assert.match(staticMarkdown(text, { start: 0, end: 1, expression }) ?? '', pattern);
    });
});

describe('an address of a machine in a file, before it runs', () => {
  const ofCore = (expression: string): string =>
    staticMarkdown('#pragma mmscope core "data/i386-highmem4g-slub-256M.vmcore.gz"\n', {
      start: 0,
      end: 1,
      expression,
    }) ?? '';

  it('what depends on the size of memory is not claimed', () => {
    // Where mem_map is, and whether the frame is in the direct map, the file alone knows.
    assert.doesNotMatch(ofCore('0xc1801080'), /virt_to_page|struct page|0xcfe10020/);
    const text = ofCore('0xc5000000');
    assert.match(text, /a vmalloc address, or a kernel logical address/);
    assert.doesNotMatch(text, /virt_to_page|struct page|pfn/);
  });

  it('what the address itself says is', () => {
    assert.match(ofCore('0x08048000'), /\*\*a user virtual address\*\*/);
    assert.match(
      ofCore('0xc1000000'),
      /kernel image address[^]*`__pa\(0xc1000000\)` = `0x1000000`/,
    );
    assert.doesNotMatch(ofCore('0xc0100000'), /virt_to_page/);
  });
});

describe('inline values', () => {
  for (const [line, names] of [
    ['struct page *page = alloc_pages(GFP_KERNEL, order);', ['page']],
    ['for (int i = 0; i < n; i++) pages[i] = p->lru.next;', ['i', 'pages']],
    ['page->private = 3; n += 2;', ['n']],
    ['if (a == b) pr_info("x = %d", x); // y = 1', []],
    ['copy_from_kernel_nofault(&value, (void *)va, 4);', ['value']],
    ['#pragma mmscope machine ram=64M', []],
  ] as const)
    it(`${line}  assigns  ${names.join(', ') || 'nothing'}`, () => {
      const found = assignedIn(line);
      assert.deepEqual(
        found.map(({ name }) => name),
        names,
      );
      for (const { name, column } of found)
        assert.equal(line.slice(column, column + name.length), name);
    });

  const SCENARIO = [
    'int a = 1;', // 0
    'task writer {', // 1
    '  a = 2;', // 2
    '  int w = 3;', // 3
    '  w++;', // 4
    '}', // 5
    'int b = a;', // 6
    'for (int i = 0; i < 3; i++) {', // 7
    '  int c = i;', // 8
    '  if (c)', // 9
    '    b = c;', // 10
    '  c = b;', // 11
    '}', // 12
    'int d = 4;', // 13
    'd = 5;', // 14
    'pr_info("%d", d);', // 15
  ];
  const at = (stop: number): readonly string[] =>
    valuesUpTo(SCENARIO, stop).map(({ name, line }) => `${name} ${line}`);

  it('are those of the lines that have run, each where it was assigned last', () => {
    assert.deepEqual(at(0), []);
    assert.deepEqual(at(6), ['a 0']);
    assert.deepEqual(at(14), ['a 0', 'd 13']);
    assert.deepEqual(at(15), ['a 0', 'd 14']);
  });

  it('of a loop are those of this turn; what an if may have changed is not shown', () => {
    assert.deepEqual(at(9), ['a 0', 'b 6', 'i 7', 'c 8']);
    assert.deepEqual(at(11), ['a 0', 'i 7', 'c 8']);
  });

  it('of a task are its own', () => {
    assert.deepEqual(at(4), ['a 2', 'w 3']);
  });

  it('of a kernel function are its own, and members are none', () => {
    const lines = [
      'static inline void expand(struct page *page, int low, int high)', // 0
      '{', // 1
      '\tunsigned long size = 1 << high;', // 2
      '\twhile (high > low) {', // 3
      '\t\thigh--;', // 4
      '\t}', // 5
      '}', // 6
      '', // 7
      'static void set_buddy_order(struct page *page, int order)', // 8
      '{', // 9
      '\tint private = order;', // 10
      '\tpage->private = private;', // 11
      '\tprivate = 0;', // 12
      '}', // 13
    ];
    const shownAt = (stop: number): readonly string[] =>
      valuesUpTo(lines, stop).map(({ name, line }) => `${name} ${line}`);
    assert.deepEqual(shownAt(4), ['size 2']);
    assert.deepEqual(shownAt(11), ['private 10']);
    assert.deepEqual(shownAt(13), ['private 12']);
  });

  it('are cut between words', () => {
    assert.equal(shortValue('0x1f40'), '0x1f40');
    const long = '0xcbdb5020 pfn 0x1960 head of a compound page, order 4';
    assert.equal(shortValue(long), '0xcbdb5020 pfn 0x1960 head of a…');
  });
});

describe('a hex dump', () => {
  it('has addresses, bytes and text, and folds what repeats', () => {
    const bytes = new Uint8Array(80);
    bytes.set(new TextEncoder().encode('mem'));
    assert.equal(
      hexDump(bytes, 0x1f40000),
      [
        '000001f40000  6d 65 6d 00 00 00 00 00  00 00 00 00 00 00 00 00  |mem.............|',
        '000001f40010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
        '*',
        '000001f40040  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|',
        '',
      ].join('\n'),
    );
  });
});

describe('the grammar', () => {
  const grammar = readFileSync('syntaxes/mmscope.tmLanguage.json', 'utf8');
  const expressions = [...grammar.matchAll(/"(?:match|begin|end)": ("(?:[^"\\]|\\.)*")/g)].map(
    ([, text]) => JSON.parse(text ?? '""') as string,
  );

  it('has only expressions that parse', () => {
    assert.ok(expressions.length > 20);
    for (const expression of expressions) new RegExp(expression);
  });

  const isScoped = (word: string): boolean =>
    expressions.some((expression) => new RegExp(`^(?:${expression})$`).test(word));
  for (const word of [
    ...'if else for while do switch case default break continue return sizeof'.split(' '),
    ...'struct union enum task const void char short int long signed unsigned'.split(' '),
    ...'u8 u64 __u32 size_t gfp_t phys_addr_t NULL GFP_KERNEL __GFP_COMP PG_locked'.split(' '),
    ...'MIGRATE_MOVABLE PROT_READ FOLL_LONGTERM 0xffUL 42'.split(' '),
  ])
    it(`knows ${word}`, () => assert.ok(isScoped(word)));
});

describe('the findings in an editor', () => {
  for (const name of readdirSync('examples').filter((file) => file.endsWith('.mms')))
    it(`of ${name}: none`, () => {
      const { diagnostics: found } = checkScenario(readFileSync(`examples/${name}`, 'utf8'));
      assert.deepEqual(
        found.filter(({ severity }) => severity === 'error'),
        [],
      );
    });

  it('name what the kernel does not have', () => {
    const { diagnostics } = checkScenario('struct page *p = alloc_pagess(GFP_KERNEL, 0);\n');
    const [found] = diagnostics;
    assert.equal(found?.code, 'unknown-name');
  });
});
