/** The pure halves of the editing services: what completion offers, signatures, declarations, the outline. */
import assert from 'node:assert/strict';
import { contextAt, openCall, parametersOf } from '../../src/extension/language/codeContext.js';
import { completionsAt } from '../../src/extension/language/completions.js';
import { declarationsIn, outlineOf } from '../../src/extension/language/declared.js';
import { kernelWord, profileOf } from '../../src/extension/language/kernelWords.js';

/** `|` is the cursor. */
function offered(text: string): string[] {
  const lines = text.slice(0, text.indexOf('|')).split('\n');
  const found = completionsAt(text.replace('|', ''), lines.length - 1, lines.at(-1) ?? '');
  return found.map(({ label }) => label);
}

describe('completion', () => {
  it('offers the kernel’s functions, macros, constants and what the scenario declares', () => {
    const names = offered('struct page *mine;\nint n = a|');
    for (const name of ['mine', 'n', 'alloc_pages', '__free_pages', 'GFP_KERNEL', 'PFN_UP'])
      assert.ok(names.includes(name), name);
    assert.equal(new Set(names).size, names.length);
  });

  it('offers the members of a struct, through pointers, arrays and anonymous unions', () => {
    const page = offered('struct page *page = alloc_page(GFP_KERNEL);\npage->|');
    assert.ok(page.includes('flags') && page.includes('lru') && page.includes('_refcount'));
    const area = offered('struct zone *zone;\nzone->free_area[3].|');
    assert.ok(area.includes('nr_free') && area.includes('free_list'), area.join());
    assert.ok(offered('contig_page_data.node_zones[0].|').includes('managed_pages'));
    assert.deepEqual(offered('int n;\nn.|'), []);
  });

  it('offers the pragma’s keys and values', () => {
    assert.deepEqual(offered('#pragma mmscope |'), ['machine', 'state', 'core']);
    const keys = offered('#pragma mmscope machine arch=i386 |');
    assert.ok(keys.includes('ram') && !keys.includes('arch'), keys.join());
    assert.deepEqual(offered('#pragma mmscope machine arch=|'), ['i386', 'i386-pae', 'x86_64']);
  });

  it('offers nothing in comments and strings', () => {
    assert.deepEqual(offered('// alloc|'), []);
    assert.deepEqual(offered('pr_info("page |'), []);
    assert.deepEqual(contextAt('pr_info("%d", pa'), { kind: 'name', prefix: 'pa' });
  });
});

describe('a word', () => {
  const profile = profileOf('#pragma mmscope machine arch=x86_64 ram=64M\n');
  it('of the kernel has its prototype, value or type', () => {
    const alloc = kernelWord(profile, 'alloc_pages');
    assert.match(alloc?.signature ?? '', /^struct page \*alloc_pages\(gfp_t/);
    assert.equal(kernelWord(profile, '__GFP_COMP')?.signature, '__GFP_COMP = 0x40000');
    assert.match(kernelWord(profile, 'contig_page_data')?.signature ?? '', /^struct pglist_data/);
    assert.equal(kernelWord(profile, 'no_such_name'), undefined);
  });
});

describe('signature help', () => {
  for (const [before, expected] of [
    ['x = alloc_pages(', 'alloc_pages 0'],
    ['x = alloc_pages(GFP_KERNEL, ', 'alloc_pages 1'],
    ['__free_pages(f(a, b), ', '__free_pages 1'],
    ['pr_info("a, (b", ', 'pr_info 1'],
    ['f(a, b);', undefined],
    ['f(\n  a, // not, this\n  ', 'f 1'],
  ] as const)
    it(`${before.replaceAll('\n', ' ')}  is in  ${expected ?? 'no call'}`, () => {
      const call = openCall(before);
      assert.equal(call && `${call.name} ${call.argument}`, expected);
    });

  it('finds the parameters of a prototype', () => {
    const of = (text: string): string[] =>
      parametersOf(text).map(([start, end]) => text.slice(start, end));
    assert.deepEqual(of('struct page *alloc_pages(gfp_t gfp, unsigned int order)'), [
      'gfp_t gfp',
      'unsigned int order',
    ]);
    assert.deepEqual(of('void f(int (*g)(int, int), int n)'), ['int (*g)(int, int)', 'int n']);
    assert.deepEqual(of('void f(void)'), []);
  });
});

const SCENARIO = `#pragma mmscope machine arch=i386 ram=64M
// struct page *not_this;
static unsigned long count_blocks(struct list_head *list) {
  unsigned long blocks = 0, more = 1;
  return blocks;
}
struct zone *zone;
struct page *pages[8];
task writer {
  int inner = 1;
}
for (int i = 0; i < 8; i++) {
  pages[i] = alloc_page(GFP_KERNEL);
}
`;

describe('what a scenario declares', () => {
  it('is read with its types', () => {
    const found = declarationsIn(SCENARIO).map(({ name, type }) => `${type} ${name}`);
    assert.deepEqual(found, [
      'struct list_head * list',
      'unsigned long blocks',
      'unsigned long more',
      'struct zone * zone',
      'struct page ** pages',
      'int inner',
      'int i',
    ]);
  });

  it('makes the outline', () => {
    const found = outlineOf(SCENARIO).map(
      (item) => `${item.kind} ${item.name} ${item.line}-${item.endLine}`,
    );
    assert.deepEqual(found, [
      'machine machine 0-0',
      'function count_blocks 2-5',
      'variable zone 6-6',
      'variable pages 7-7',
      'task writer 8-10',
    ]);
  });
});
