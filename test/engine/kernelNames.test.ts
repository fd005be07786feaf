/**
 * src/engine/kernel mirrors Linux 6.1: each file has its counterpart there, and a function that is spelled like the kernel's
 * (snake_case, CAPS) is the kernel's, in the C file or header that the path says or that the file's header comment names. What is
 * ours is camelCase.
 *
 * The names come from Linux's source package: `npm run oracle -- names` writes test/data/linux-6.1-names.txt.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const KERNEL = 'src/engine/kernel';

/** C file or header -> what it defines. */
const linux = new Map(
  readFileSync('test/data/linux-6.1-names.txt', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): [string, ReadonlySet<string>] => {
      const [file = '', names = ''] = line.split(': ');
      return [file, new Set(names.split(' '))];
    }),
);
const anywhere: ReadonlySet<string> = new Set([...linux.values()].flatMap((names) => [...names]));

/** Files of Linux that are not in the list of names, and why. */
const UNLISTED: Readonly<Record<string, string>> = {
  'arch/x86/include/asm/pgtable_areas.h': 'no functions',
  'fs/drop_caches.c': 'the list has only a part of fs/',
  'fs/file_table.c': 'the list has only a part of fs/',
  'fs/inode.c': 'the list has only a part of fs/',
  'fs/super.c': 'the list has only a part of fs/',
  'include/linux/errno.h': 'no functions',
  'include/linux/instruction_pointer.h': 'no functions',
  'include/linux/poison.h': 'no functions',
  'kernel/signal.c': 'the list has only a part of kernel/',
  'lib/show_mem.c': 'the list has only a part of lib/',
};

/** Macros of Linux without arguments and arrays, which the list leaves out: here they take `k`, since each build has its own value. */
const MACROS_WITHOUT_ARGUMENTS: ReadonlySet<string> = new Set(
  `ARCH_KMALLOC_FLAGS ARCH_PAGE_TABLE_SYNC_MASK BITS_PER_LONG BITS_PER_XA_VALUE CACHE_CREATE_MASK DEBUG_DEFAULT_FLAGS
  DEBUG_METADATA_FLAGS GFP_CONSTRAINT_MASK GFP_PGTABLE_KERNEL GFP_PGTABLE_USER
  GFP_RECLAIM_MASK GFP_SLAB_BUG_MASK HPAGE_PMD_NR HPAGE_PMD_ORDER HPAGE_PMD_SIZE IDA_INIT_FLAGS IDR_RT_MARKER KERNEL_PGD_BOUNDARY KERNEL_PGD_PTRS MAPLE_ALLOC_SLOTS
  MAPLE_ARANGE64_META_MAX MAPLE_ARANGE64_SLOTS MAPLE_BIG_NODE_SLOTS MAPLE_NODE_SLOTS MAPLE_RANGE64_SLOTS mt_min_slots mt_pivots mt_slots
  ULONG_MAX MAX_GATHER_BATCH MAX_GATHER_BATCH_COUNT OO_MASK PAGE_KERNEL PAGE_KERNEL_RO PGDIR_SIZE
  PMD_SIZE PREALLOCATED_PMDS PTRS_PER_PTE PUD_SIZE RADIX_TREE_MAP_MASK RADIX_TREE_MAP_SHIFT RADIX_TREE_MAP_SIZE RADIX_TREE_TAG_LONGS
  REAPTIMEOUT_NODE SG_MAX_SINGLE_ALLOC SHARED_KERNEL_PMD SLAB_CORE_FLAGS SLAB_DEBUG_FLAGS SLAB_FLAGS_PERMITTED SLAB_MERGE_SAME
  SLAB_NEVER_MERGE SLAB_NO_CMPXCHG THREAD_SIZE_ORDER VMALLOC_END VMAP_BBMAP_BITS VMAP_BLOCK_SIZE VMAP_MAX_ALLOC VM_FAULT_ERROR _PAGE_CHG_MASK _PAGE_KNL_ERRATUM_MASK
  VMALLOC_START x86_nops`.split(/\s+/),
);

const files = readdirSync(KERNEL, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();

/** `mm/page_alloc/pcp.ts` is part of mm/page_alloc.c, `include/linux/list.h.ts` is include/linux/list.h. */
function counterpartOf(file: string): string {
  const stem = file.slice(0, -'.ts'.length);
  if (stem.endsWith('.h')) return stem;
  const folder = path.posix.dirname(stem);
  const whole = `${folder}/${path.posix.basename(folder)}.ts`;
  return files.includes(whole) ? `${folder}.c` : `${stem}.c`;
}

/** Functions and arrow constants of a file's top level that are spelled like the kernel's. */
function kernelLike(source: ts.SourceFile): string[] {
  const isArrow = (node: ts.Expression | undefined): boolean =>
    node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));
  return source.statements
    .flatMap((statement): (string | undefined)[] => {
      if (ts.isFunctionDeclaration(statement)) return [statement.name?.text];
      if (!ts.isVariableStatement(statement)) return [];
      return statement.declarationList.declarations.map(({ name, initializer }) =>
        ts.isIdentifier(name) && isArrow(initializer) ? name.text : undefined,
      );
    })
    .filter((name): name is string => name !== undefined && spelledLikeTheKernel(name));
}

/** `__alloc_pages`, `PAGE_ALIGN`, `fls`, `PageHead`; not `failureReason`. */
const spelledLikeTheKernel = (name: string): boolean =>
  name.includes('_') || name === name.toLowerCase() || /^[A-Z]/.test(name);

/** Paths of C files and headers that a header comment names. */
const filesNamedIn = (text: string): readonly string[] => {
  const comment = /^\/\*\*[^]*?\*\//.exec(text)?.[0] ?? '';
  return comment.match(/\b(?:arch|drivers|fs|include|kernel|lib|mm)\/[\w/.-]+\.[ch]\b/g) ?? [];
};

describe('names in src/engine/kernel', () => {
  for (const file of files) {
    const counterpart = counterpartOf(file);
    const text = readFileSync(path.join(KERNEL, file), 'utf8');

    it(`${file} is ${counterpart}`, () => {
      assert.ok(
        linux.has(counterpart) || counterpart in UNLISTED,
        `Linux 6.1 has no ${counterpart}`,
      );
    });

    it(`${file} names what Linux has`, () => {
      const names = kernelLike(ts.createSourceFile(file, text, ts.ScriptTarget.Latest)).filter(
        (name) => !MACROS_WITHOUT_ARGUMENTS.has(name),
      );
      const unknown = names.filter((name) => !anywhere.has(name));
      assert.deepEqual(unknown, [], 'not in Linux 6.1: camelCase, or gone');
      if (counterpart in UNLISTED) return;
      const sources = [counterpart, ...filesNamedIn(text)];
      const elsewhere = names.filter(
        (name) => !sources.some((source) => linux.get(source)?.has(name) === true),
      );
      assert.deepEqual(elsewhere, [], `not in ${sources.join(', ')}: name its file in the comment`);
    });
  }

  it('knows its own spelling', () => {
    assert.ok(['alloc_pages', 'PAGE_ALIGN', 'fls', 'PageHead'].every(spelledLikeTheKernel));
    assert.ok(!['failureReason', 'zonePcp'].some(spelledLikeTheKernel));
  });
});
