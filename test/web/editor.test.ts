/** The pure halves of the editor's features: what a hover means, inline values, hex dumps, the grammar's words. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { checkScenario } from '../../src/extension/language/checkScenario.js';
import { expressionAt } from '../../src/extension/language/expressionAt.js';
import { variablesIn } from '../../src/extension/language/variablesIn.js';
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

describe('inline values', () => {
  for (const [line, names] of [
    ['struct page *page = alloc_pages(GFP_KERNEL, order);', ['page', 'order']],
    ['for (int i = 0; i < n; i++) pages[i] = p->lru.next;', ['i', 'n', 'pages', 'p']],
    ['pr_info("%d page", count); // comment', ['count']],
    ['#pragma mmscope machine ram=64M', []],
    ['task writer {', []],
  ] as const)
    it(line, () => {
      const found = variablesIn(line);
      assert.deepEqual(
        found.map(({ name }) => name),
        names,
      );
      for (const { name, column } of found)
        assert.equal(line.slice(column, column + name.length), name);
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
      const found = checkScenario(readFileSync(`examples/${name}`, 'utf8'));
      assert.deepEqual(
        found.filter(({ severity }) => severity === 'error'),
        [],
      );
    });

  it('name what the kernel does not have', () => {
    const [found] = checkScenario('struct page *p = alloc_pagess(GFP_KERNEL, 0);\n');
    assert.equal(found?.code, 'unknown-name');
  });
});
