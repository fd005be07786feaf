/** Kernel sources printed as C: what each notation becomes, and that no TypeScript is left in the whole. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { tables } from '../../src/engine/entry/instrumented.js';

interface Program {
  getTypeChecker(): unknown;
  getSourceFile(name: string): unknown;
}

/** What of scripts/kernel, which is not TypeScript, is used. */
interface Scripts {
  readonly kernelProgram: (
    root: string,
    files: string[],
    overlay: ReadonlyMap<string, string>,
  ) => Program;
  readonly structsFile: (root: string) => string;
  readonly memberPaths: (source: unknown) => unknown;
  readonly printSource: (source: unknown, types: unknown, structs: unknown) => { lines: string[] };
  readonly CTypes: new (checker: unknown) => unknown;
}

const ROOT = process.cwd();

async function loadScripts(): Promise<Scripts> {
  const names = ['sources.mjs', 'cStatements.mjs', 'cTypes.mjs'];
  const modules = await Promise.all(
    names.map((name): Promise<object> => import(path.join(ROOT, 'scripts', 'kernel', name))),
  );
  return Object.assign({}, ...modules) as Scripts;
}

/** Prints `mm/snippet.ts`, whose text is given. */
async function openPrinter(): Promise<(text: string) => string> {
  const { kernelProgram, structsFile, memberPaths, printSource, CTypes } = await loadScripts();
  const file = path.join(ROOT, 'src', 'engine', 'kernel', 'mm', 'snippet.ts');
  const listed = structsFile(ROOT);
  return (text) => {
    const program = kernelProgram(ROOT, [file, listed], new Map([[file, HEAD + text]]));
    const types = new CTypes(program.getTypeChecker());
    const structs = memberPaths(program.getSourceFile(listed));
    return printSource(program.getSourceFile(file), types, structs).lines.join('\n').trim();
  };
}

const HEAD = `
import type { FreeArea, Gfp, Int, ListHead, Migratetype, Order, Page, PcpuChunk, Pte, Out, Zone, Zoneref, Zonelist, ZoneType } from '../../machine/ctypes.js';
import { NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { NO_PTE, pteAndNot, pteAt, pteClear, pteIsZero, pteOf, pteOr } from '../../machine/pteWords.js';
import { ule, ult } from '../../machine/ulong.js';
import { asCell } from '../../memory/address.js';
declare function g(nr: Out<Int>): void;
declare function copyStruct(to: Page, from: ListHead): void;
declare function pr_err(k: Kernel, text: string): void;
declare function list_first_entry(k: Kernel, head: ListHead, member: number): Page;
declare function list_next_entry(k: Kernel, page: Page, member: number): Page;
declare function list_entry_is_head(k: Kernel, page: Page, head: ListHead, member: number): boolean;
declare function first_zones_zonelist(k: Kernel, zonelist: Zonelist, highest: ZoneType): Zoneref;
declare function next_zones_zonelist(k: Kernel, z: Zoneref, highest: ZoneType): Zoneref;
declare function zonelist_zone(k: Kernel, z: Zoneref): Zone;
`;

/** Types of TypeScript, and methods of JavaScript that C writes otherwise. */
const UNTRANSLATED =
  /\{ (readonly )?\w+\??: |BigInt->|\b(memmap|linear)->|->(push|slice|padStart|padEnd|join|repeat|split|startsWith|includes|toString)\(/;

/** Methods of arrays, strings, sets and maps; objects of JavaScript; what C has no word for: a kind each. */
const OF_JAVASCRIPT: Readonly<Record<string, RegExp>> = {
  'methods of arrays':
    /(->|\.)(at|concat|every|fill|filter|find|findIndex|findLast|flatMap|forEach|from|indexOf|map|pop|reduce|reverse|shift|some|sort|splice|unshift)\(/,
  'methods of texts':
    /(->|\.)(charAt|charCodeAt|endsWith|fromCharCode|match|matchAll|replace|replaceAll|substring|test|toFixed|toLowerCase|toUpperCase|trim)\(/,
  'methods of sets and maps': /(->|\.)(add|clear|delete|entries|has|keys|set|values)\(/,
  'objects that are made': /\bnew [A-Z]/,
  'objects of JavaScript':
    /\b(Array|BigInt|JSON|Map|Math|Number|Object|Set|String|Symbol)\b(->|\.|\(|<)/,
  'values without a form in C': /\b(Infinity|NaN|undefined|null)\b/,
  'arrow functions': /=>/,
  'template literals': /`/,
  'regular expressions': /\(\/|\/[gimsuy]*\)/,
  'loops over entries': /for_each\(\[/,
  'optional members': /\?\?|\?\./,
};

/** Statement in TypeScript, the same in C. */
const STATEMENTS: readonly (readonly [string, string])[] = [
  ['k.write_long(page + k.page.private, order);', 'page->private = order;'],
  ['if ((gfp & k.__GFP_ZERO) !== 0) order++;', 'if (gfp & __GFP_ZERO)\n\t\torder++;'],
  ['if (page === NULL) return;', 'if (!page)\n\t\treturn;'],
  [
    'k.add_long(zone + k.zone.free_area + order * k.stride.free_area + k.free_area.nr_free, -1);',
    'zone->free_area[order].nr_free--;',
  ],
  [
    'k.write(zone + k.zone.flags, k.words[zone + k.zone.flags]! | (1 << k.ZONE_BOOSTED_WATERMARK));',
    'zone->flags |= 1 << ZONE_BOOSTED_WATERMARK;',
  ],
  ['k.write(zone + k.zone.flags, k.words[zone + k.zone.flags]! & ~1);', 'zone->flags &= ~1;'],
  ['k.add_long(k.globals.vm_zone_stat + order * k.ptr_words, 2);', 'vm_zone_stat[order] += 2;'],
  ['page = k.read_ptr(head) - k.page.lru;', 'page = container_of(head->next, struct page, lru);'],
  ['k.write8(page, k.page.compound_order, order);', 'page->compound_order = order;'],
  ['order = Math.min(order, k.words[zone + k.zone.flags]!);', 'order = min(order, zone->flags);'],
  [
    "k.emit({ kind: 'printk', level: 4, text: `pfn ${order.toString(16)}` });",
    'printk(KERN_WARNING "pfn %lx", order);',
  ],
  ['const pfn = k.page_to_pfn(page);', 'unsigned long pfn = page_to_pfn(page);'],
  ['again: for (;;) {\n continue again;\n}', 'again:\n\tfor (;;) {\n\t\tgoto again;\n\t}'],
  [
    `for (
      let entry: Page = list_first_entry(k, head, k.page.lru);
      !list_entry_is_head(k, entry, head, k.page.lru);
      entry = list_next_entry(k, entry, k.page.lru)
    ) order++;`,
    'list_for_each_entry(entry, head, lru)\n\t\torder++;',
  ],
  [
    `for (
      let z: Zoneref = first_zones_zonelist(k, zonelist, 2), zone: Zone = zonelist_zone(k, z);
      zone !== NULL;
      z = next_zones_zonelist(k, z, 2), zone = zonelist_zone(k, z)
    ) order++;`,
    'for_each_zone_zonelist(zone, z, zonelist, 2)\n\t\torder++;',
  ],
  ['order = k.read_int(k.plus(chunk, k.pcpu_chunk.nr_pages));', 'order = chunk->nr_pages;'],
  ['if (k.read_bool(chunk, k.pcpu_chunk.isolated)) return;', 'if (chunk->isolated)\n\t\treturn;'],
  ['pr_err(k, `pfn ${order}`);', 'pr_err("pfn %d", order);'],
  ["const line = '='.repeat(3);", 'const char *line = "===";'],
  [
    'const pages: Page[] = [];\npages.push(page);',
    'struct page **pages = { };\n\tpages[n++] = page;',
  ],
  ['if (k.memmap.pfn_valid(order)) return;', 'if (pfn_valid(order))\n\t\treturn;'],
  [
    'const pair = { head, order };',
    'struct { struct list_head *head; unsigned int order; } pair = { .head = head, .order = order };',
  ],
  ['const entry = k.read_pte(pte);', 'pteval_t entry = *pte;'],
  ['pte = asCell(pte + k.pte_words);', 'pte++;'],
  [
    'k.write_pte(pte, pteOr(pteClear(k.read_pte(pte), order), pteOf(1)));',
    '*pte = *pte & ~order | 1;',
  ],
  ['if ((k.read_pte(pte).low & 3) === 0) return;', 'if (!(*pte & 3))\n\t\treturn;'],
  [
    'if (pteIsZero(pteAndNot(k.read_pte(pte), pteAt(i)))) return;',
    'if (!(*pte & ~((u64)i << PAGE_SHIFT)))\n\t\treturn;',
  ],
  [
    'order = k.callOut?.(k.read_va(zone + k.zone.name), [order, i]) ?? 0;',
    'order = zone->name(order, i);',
  ],
  [
    'let text = "";\ntext += String.fromCharCode(order);',
    'const char *text = "";\n\ttext[n++] = order;',
  ],
  [
    'const small = new Set([1, i]);\nif (small.has(order)) return;',
    'long *small = { 1, i };\n\tif (has(small, order))\n\t\treturn;',
  ],
  ['order = k.read_pte(pte).high;', 'order = *pte >> 32;'],
  ['k.write_ulong(page + k.page.private, 2 ** 12);', 'page->private = 1UL << 12;'],
  ['copyStruct(page, head);', '*page = *head;'],
  ['k.write_pte(pte, NO_PTE);', '*pte = 0;'],
  ['if (ult(i, order) && ule(order, i)) return;', 'if (i < order && order <= i)\n\t\treturn;'],
  ['const nr: Out<Int> = { value: 0 };\ng(nr);\nnr.value++;', 'int nr = 0;\n\tg(&nr);\n\tnr++;'],
  [
    'search: for (;;) {\n break search;\n}\n// found:\norder = 0;',
    'search:\n\tfor (;;) {\n\t\tgoto found;\n\t}\nfound:\n\torder = 0;',
  ],
  ['// Why this branch is there.\norder = 0;', '/* Why this branch is there. */\n\torder = 0;'],
];

/** Declaration in TypeScript, the same in C. */
const DECLARATIONS: readonly (readonly [string, string])[] = [
  [
    'export function f(k: Kernel, page: Page, order: Order): boolean { return k.words[page + k.page.flags] !== 0; }',
    'bool f(struct page *page, unsigned int order)\n{\n\treturn page->flags;\n}',
  ],
  [
    '/** The list of a type. */\nconst list_of = (k: Kernel, area: FreeArea, mt: Migratetype): ListHead => (area + mt * k.stride.list_head) as ListHead;',
    '/* The list of a type. */\n#define list_of(area, mt) (&area[mt])',
  ],
  [
    'function g(nr: Out<Int>): void {\n  nr.value = 1;\n}',
    'static void g(int *nr)\n{\n\t*nr = 1;\n}',
  ],
  ['const MAX_RETRIES = 16;', '#define MAX_RETRIES 16'],
  [
    'export interface AllocContext {\n  /** First to be tried. */\n  zonelist: Zonelist;\n  gfp: Gfp;\n}',
    'struct alloc_context {\n\t/* First to be tried. */\n\tstruct zonelist *zonelist;\n\tgfp_t gfp;\n};',
  ],
];

describe('kernel sources as C', () => {
  let print: (text: string) => string;
  before(async () => void (print = await openPrinter()));

  for (const [typescript, c] of STATEMENTS)
    it(c.split('\n')[0] ?? '', () => {
      const head =
        'function f(k: Kernel, page: Page, zone: Zone, order: Order, gfp: Gfp, head: ListHead, zonelist: Zonelist, i: Int, chunk: PcpuChunk, pte: Pte): void {\n';
      const printed = print(`${head}${typescript}\n}\n`);
      assert.equal(printed.slice(printed.indexOf('{\n') + 2, -2).trim(), c);
    });

  for (const [typescript, c] of DECLARATIONS)
    it(c.split('\n')[0] ?? '', () => {
      const printed = print(`${typescript}\n`);
      assert.equal(printed.slice(printed.indexOf(c.slice(0, 12))), c);
    });

  it('leaves nothing of TypeScript, in any file', () => {
    const left: string[] = [];
    for (const [file, text] of Object.entries(tables.sources.c))
      text
        .replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
        .replace(/"(\\.|[^"\\\n])*"/g, '""')
        .split('\n')
        .forEach((line, i) => {
          if (/=>|===|!==|\?\.|\.\.\.|\bk[.,)]|\b(const|let|yield|undefined|typeof) \b/.test(line))
            if (!/^(static )?(inline )?const char|const char \*|^static const/.test(line.trim()))
              left.push(`${file}:${i + 1}: ${line.trim()}`);
          if (/\b(\w+) = &\1;/.test(line))
            left.push(`its own address: ${file}:${i + 1}: ${line.trim()}`);
          if (UNTRANSLATED.test(line)) left.push(`${file}:${i + 1}: ${line.trim()}`);
          for (const [kind, pattern] of Object.entries(OF_JAVASCRIPT))
            if (pattern.test(line)) left.push(`${kind}: ${file}:${i + 1}: ${line.trim()}`);
        });
    assert.deepEqual(left, []);
  });

  it('has each statement of a function on a line of that function', () => {
    tables.statementLine.c.forEach((line, id) => {
      const fn = tables.functions[tables.statementFunction[id] ?? -1] ?? assert.fail();
      assert.ok(line > fn.c.startLine && line <= fn.c.endLine, `${fn.name}: ${line}`);
      const text = tables.sources.c[fn.c.file]?.split('\n')[line - 1] ?? '';
      assert.match(text, /\S/, `${fn.c.file}:${line}`);
    });
  });
});
