/**
 * A recorded run as a scenario: each operation of the trace becomes the C that a module author would write for it, and what the kernel's
 * run returned becomes an `expect`.
 *
 * The recorder's table of live objects is a few arrays. What kind of object a slot has is known from the trace; whether a call
 * succeeded is not assumed.
 */
import { readTrace, type TraceOp } from '../../src/engine/image/state/index.js';
import { PAGE_FLAGS } from '../../src/engine/view/pageFlags.js';

const GFP: Readonly<Record<string, string>> = {
  ...{ K: 'GFP_KERNEL', A: 'GFP_ATOMIC', N: 'GFP_NOWAIT', U: 'GFP_USER', HU: 'GFP_HIGHUSER' },
  ...{ HUM: 'GFP_HIGHUSER_MOVABLE', MOV: '__GFP_MOVABLE', REC: '__GFP_RECLAIMABLE' },
  ...{ DIRECT: '__GFP_DIRECT_RECLAIM', KSWAPD: '__GFP_KSWAPD_RECLAIM' },
  RETRY: '__GFP_RETRY_MAYFAIL',
};

/** `K|NOWARN|~KSWAPD` in C. */
function gfp(text = ''): string {
  let expression = '';
  for (const word of text.split('|')) {
    const name = word.replace(/^~/, '');
    const bits = GFP[name] ?? `__GFP_${name}`;
    if (expression === '') expression = bits;
    else
      expression = word.startsWith('~')
        ? `(${expression} & ~${bits})`
        : `(${expression} | ${bits})`;
  }
  return expression;
}

/** The first word of a result: an address or a frame; undefined for `-`, which is NULL. */
function first({ result }: TraceOp): string | undefined {
  const word = result?.split(' ')[0];
  return word === '-' ? undefined : word;
}

const flagNamed = (name = ''): string =>
  PAGE_FLAGS.find(({ bit }) => bit === `PG_${name}`)?.uname ?? name;

type Translate = (args: readonly string[], op: TraceOp) => string;

/** What a call gave, and that it is what the kernel's gave. */
const expectPage = (slot: string, op: TraceOp): string =>
  `expect(${first(op) === undefined ? `!s[${slot}]` : `s[${slot}] && page_to_pfn(s[${slot}]) == 0x${first(op) ?? ''}`});`;
const expectAddress = (slot: string, op: TraceOp): string =>
  `expect((unsigned long)v[${slot}] == 0x${first(op) ?? '0'}UL);`;

const page = (slot = '', at = '0'): string => `s[${slot}] + ${at}`;

const freeing =
  (call: string): Translate =>
  ([slot = '']) =>
    `if (v[${slot}]) { ${call}(v[${slot}]); v[${slot}] = NULL; } flush_work(&drain_vmap_work);`;

const mapping =
  (call: string, unmap: string): Translate =>
  ([slot, at], op) =>
    `nested[depth] = ${call.replace('PAGE', page(slot, at))}; unmap[depth] = ${unmap}; depth++; expect((unsigned long)nested[depth - 1] == 0x${first(op) ?? ''}UL);`;

const OPERATIONS: Readonly<Record<string, Translate>> = {
  // --- pages
  a: ([slot = '', order = '', flags], op) =>
    `s[${slot}] = alloc_pages(${gfp(flags)}, ${order}); o[${slot}] = ${order}; ${expectPage(slot, op)}`,
  f: ([slot = '']) => `if (s[${slot}]) __free_pages(s[${slot}], o[${slot}]); s[${slot}] = NULL;`,
  fill: ([slot0 = '', max = '', order = '', flags], { result }) =>
    `for (n = 0; n < ${max}; n++) { p = alloc_pages(${gfp(flags)}, ${order}); if (!p) break; s[${slot0} + n] = p; o[${slot0} + n] = ${order}; } expect(n == 0x${/n=([0-9a-f]+)$/.exec(result ?? '')?.[1] ?? ''});`,
  unfill: ([slot0 = '', nr = '', end, step = '1']) => {
    const at = end === 'lifo' ? `${slot0} + ${nr} - 1 - i` : `${slot0} + i`;
    return `for (i = 0; i < ${nr}; i += ${step}) { n = ${at}; if (s[n]) __free_pages(s[n], o[n]); s[n] = NULL; }`;
  },
  ax: ([slot = '', bytes = '', flags], op) =>
    `v[${slot}] = alloc_pages_exact(${bytes}, ${gfp(flags)}); size[${slot}] = ${bytes}; s[${slot}] = v[${slot}] ? virt_to_page(v[${slot}]) : NULL; ${expectPage(slot, op)}`,
  fx: ([slot = '']) =>
    `if (v[${slot}]) free_pages_exact(v[${slot}], size[${slot}]); v[${slot}] = NULL; s[${slot}] = NULL;`,
  split: ([slot = '']) => `if (s[${slot}]) { split_page(s[${slot}], o[${slot}]); o[${slot}] = 0; }`,
  fo: ([slot = '', at, order = '']) => `if (s[${slot}]) __free_pages(${page(slot, at)}, ${order});`,
  forget: ([slot = '']) => `s[${slot}] = NULL;`,
  blk: ([slot0 = '', nr = '', flags]) =>
    `memset(pages, 0, sizeof(pages)); n = alloc_pages_bulk_array(${gfp(flags)}, ${nr}, pages); for (i = 0; i < n; i++) { s[${slot0} + i] = pages[i]; o[${slot0} + i] = 0; }`,
  freelist: ([slot0 = '', nr = '']) =>
    `INIT_LIST_HEAD(&list); for (i = ${slot0}; i < ${slot0} + ${nr}; i++) { if (s[i] && put_page_testzero(s[i])) list_add_tail(&s[i]->lru, &list); s[i] = NULL; } free_unref_page_list(&list);`,
  get: ([slot = '', at]) => `if (s[${slot}]) get_page(${page(slot, at)});`,
  put: ([slot = '', at]) => `if (s[${slot}]) put_page(${page(slot, at)});`,
  lock: ([slot = '', at]) => `if (s[${slot}]) lock_page(${page(slot, at)});`,
  unlock: ([slot = '', at]) => `if (s[${slot}]) unlock_page(${page(slot, at)});`,
  trylock: ([slot = '', at]) => `if (s[${slot}]) trylock_page(${page(slot, at)});`,
  setf: ([slot = '', at, name]) => `if (s[${slot}]) SetPage${flagNamed(name)}(${page(slot, at)});`,
  clrf: ([slot = '', at, name]) =>
    `if (s[${slot}]) ClearPage${flagNamed(name)}(${page(slot, at)});`,
  drain: (words) => {
    const zone = words.find((word) => /^[0-9]/.test(word));
    const argument = zone === undefined ? 'NULL' : `&contig_page_data.node_zones[${zone}]`;
    return `drain_${words[0] === 'all' ? 'all' : 'local'}_pages(${argument});`;
  },
  // --- contiguous ranges
  contig: ([slot = '', pfn = '', nr = '', migratetype = ''], { result }) =>
    `n = alloc_contig_range(${pfn}, ${pfn} + ${nr}, ${migratetype}, GFP_KERNEL | __GFP_NOWARN); expect(n == ${result ?? ''}); if (n == 0) s[${slot}] = pfn_to_page(${pfn}); size[${slot}] = ${nr};`,
  contigf: ([slot = '']) =>
    `if (s[${slot}]) free_contig_range(page_to_pfn(s[${slot}]), size[${slot}]); s[${slot}] = NULL;`,
  cma: ([slot = '', count = '', align = ''], op) =>
    `s[${slot}] = cma_alloc(dma_contiguous_default_area, ${count}, ${align}, true); size[${slot}] = ${count}; ${expectPage(slot, op)}`,
  cmaf: ([slot = '']) =>
    `if (s[${slot}]) cma_release(dma_contiguous_default_area, s[${slot}], size[${slot}]); s[${slot}] = NULL;`,
  // --- objects
  kc: ([name = '', size = '', align = '', flags = '', ctor], { result }) =>
    `c[${name}] = kmem_cache_create("mmo-${name}", ${size}, ${align}, ${flags}, ${ctor === 'ctor' ? 'ctor' : 'NULL'}); expect(c[${name}] == (void *)0x${/ at=([0-9a-f]+)/.exec(result ?? '')?.[1] ?? '0'}UL);`,
  kd: ([name = '']) => `kmem_cache_destroy(c[${name}]); c[${name}] = NULL;`,
  ka: ([slot = '', name = '', flags], op) =>
    `v[${slot}] = ka(c[${name}], ${gfp(flags)}); from[${slot}] = c[${name}]; ${expectAddress(slot, op)}`,
  kf: ([slot = '']) => `if (v[${slot}]) kf(from[${slot}], v[${slot}]); v[${slot}] = NULL;`,
  kab: ([slot0 = '', name = '', nr = '', flags]) =>
    `n = kab(c[${name}], ${gfp(flags)}, ${nr}); for (i = 0; i < n; i++) { v[${slot0} + i] = objects[i]; from[${slot0} + i] = c[${name}]; }`,
  kfb: ([slot0 = '', nr = '']) =>
    `n = 0; for (i = ${slot0}; i < ${slot0} + ${nr}; i++) if (v[i]) { cache = from[i]; objects[n++] = v[i]; v[i] = NULL; } if (n) kfb(cache, n);`,
  ks: ([name = ''], { result }) => `expect(kmem_cache_shrink(c[${name}]) == 0x${result ?? ''});`,
  km: ([slot = '', size = '', flags], op) =>
    `v[${slot}] = km(${size}, ${gfp(flags)}); ${expectAddress(slot, op)} if (ZERO_OR_NULL_PTR(v[${slot}])) v[${slot}] = NULL;`,
  kx: ([slot = '']) => `if (v[${slot}]) kx(v[${slot}]); v[${slot}] = NULL;`,
  // --- misuse: where, the recorder said
  kfa: ([name = ''], op) => `kfa(c[${name}], (void *)0x${first(op) ?? ''}UL);`,
  kxa: (_, op) => `kxa((void *)0x${first(op) ?? ''}UL);`,
  poke: ([, , value = '', width], op) => {
    const [address = '', change = ''] = op.result?.split(' ') ?? [];
    const isLong =
      value.startsWith('@') || (width === undefined ? Number(value) === 0 : Number(width) > 1);
    return `*(unsigned ${isLong ? 'long' : 'char'} *)0x${address}UL = 0x${change.replace(/.*>/, '')}UL;`;
  },
  kval: ([name = ''], { result }) => `expect(validate_slab_cache(c[${name}]) == ${result ?? ''});`,
  // --- vmalloc space
  vm: ([slot = '', bytes = '', flags = 'K'], op) =>
    `v[${slot}] = vm(${bytes}, ${gfp(flags)}); flush_work(&drain_vmap_work); ${expectAddress(slot, op)}`,
  vmh: ([slot = '', bytes = '', flags = 'K'], op) =>
    `v[${slot}] = vmh(${bytes}, ${gfp(flags)}); flush_work(&drain_vmap_work); ${expectAddress(slot, op)}`,
  vf: freeing('vfree'),
  vmap: ([slot = '', source = '', nr = ''], op) =>
    `v[${slot}] = map(&s[${source}], ${nr}); flush_work(&drain_vmap_work); ${expectAddress(slot, op)}`,
  vu: freeing('vunmap'),
  io: ([slot = '', phys = '', size = '', mode = 'uc-'], op) =>
    `v[${slot}] = io_${mode.replace('-', '_minus')}(${phys}, ${size}); flush_work(&drain_vmap_work); ${expectAddress(slot, op)}`,
  iu: freeing('iounmap'),
  vpurge: () => 'vm_unmap_aliases();',
  // --- mappings of single pages
  kmap: ([slot, at], op) =>
    `expect((unsigned long)kmap(${page(slot, at)}) == 0x${first(op) ?? ''}UL);`,
  kunmap: ([slot, at]) => `kunmap(${page(slot, at)});`,
  kmap_flush: () => 'kmap_flush_unused();',
  kma: mapping('kmap_atomic(PAGE)', '1'),
  kml: mapping('kmap_local_page(PAGE)', '0'),
  kmlp: mapping('kmap_atomic_prot(PAGE, PAGE_KERNEL_RO)', '1'),
  kmu: () =>
    'depth--; if (unmap[depth]) kunmap_atomic(nested[depth]); else kunmap_local(nested[depth]);',
};

/** Operations that only look, or steer the recorder. */
const NOTHING: ReadonlySet<string> = new Set(
  'dump events ck pgw pt pts slotpt mark bytes'.split(' '),
);

/** Calls that name their caller in what they make: each has a function of its own, as each is one place in the recorder. */
const CALLS = `
static void ctor(void *object) { }
static void *ka(struct kmem_cache *s, gfp_t gfp) { return kmem_cache_alloc(s, gfp); }
static void kf(struct kmem_cache *s, void *object) { kmem_cache_free(s, object); }
static int kab(struct kmem_cache *s, gfp_t gfp, int nr) { return kmem_cache_alloc_bulk(s, gfp, nr, objects); }
static void kfb(struct kmem_cache *s, int nr) { kmem_cache_free_bulk(s, nr, objects); }
static void *km(unsigned long size, gfp_t gfp) { return kmalloc(size, gfp); }
static void kx(void *object) { kfree(object); }
static void kfa(struct kmem_cache *s, void *object) { kmem_cache_free(s, object); }
static void kxa(void *object) { kfree(object); }
static void *vm(unsigned long size, gfp_t gfp) { return __vmalloc(size, gfp); }
static void *vmh(unsigned long size, gfp_t gfp) { return vmalloc_huge(size, gfp); }
static void *map(struct page **from, unsigned int count) { return vmap(from, count, VM_MAP, PAGE_KERNEL); }
static void *io_uc_minus(phys_addr_t phys, unsigned long size) { return ioremap(phys, size); }
static void *io_wc(phys_addr_t phys, unsigned long size) { return ioremap_wc(phys, size); }
static void *io_wt(phys_addr_t phys, unsigned long size) { return ioremap_wt(phys, size); }
static void *io_uc(phys_addr_t phys, unsigned long size) { return ioremap_uc(phys, size); }
static void *io_wb(phys_addr_t phys, unsigned long size) { return ioremap_cache(phys, size); }
`;

const VARIABLES = (nrSlots: number): string => `
struct page *s[${nrSlots}];
void *v[${nrSlots}];
unsigned int size[${nrSlots}];
unsigned char o[${nrSlots}];
struct kmem_cache *from[${nrSlots}];
struct kmem_cache *c[256], *cache;
struct page *pages[1024], *p;
void *objects[1024], *nested[32];
int unmap[32], depth;
long i, n;
struct list_head list;
`;

/** Statements in one function. */
const PART = 100;

export interface ScenarioOfRun {
  readonly text: string;
  readonly nrCalls: number;
  /** Operations for which there is no C. */
  readonly unknown: readonly string[];
}

/** @param leftOut the number of a call that is left out */
export function scenarioOf(trace: Iterable<string>, leftOut?: number): ScenarioOfRun {
  const statements: string[] = [];
  const unknown: string[] = [];
  let nrSlots = 0;
  for (const item of readTrace(trace)) {
    if (item.kind === 'ran') break;
    if (item.kind !== 'op' || NOTHING.has(item.name) || item.result === 'skip') continue;
    const translate = OPERATIONS[item.name];
    if (translate === undefined) unknown.push(item.name);
    else statements.push(statements.length === leftOut ? ';' : translate(item.args, item));
    nrSlots = Math.max(nrSlots, slotsIn(item));
  }
  const parts: string[] = [];
  for (let at = 0; at < statements.length; at += PART)
    parts.push(
      `static void part_${parts.length}(void)\n{\n  ${statements.slice(at, at + PART).join('\n  ')}\n}\n`,
    );
  const calls = parts.map((_, i) => `part_${i}();`).join('\n');
  return {
    text: `${VARIABLES(nrSlots + 1)}${CALLS}${parts.join('')}${calls}\n`,
    nrCalls: statements.length,
    unknown,
  };
}

/** One past the last slot that an operation fills or empties. */
function slotsIn({ name, args }: TraceOp): number {
  const [slot = '0', second = '0', third = '0'] = args;
  if (!/^\d+$/.test(slot)) return 0;
  const count = {
    fill: second,
    unfill: second,
    blk: second,
    freelist: second,
    kfb: second,
    kab: third,
  }[name];
  return Number(slot) + Number(count ?? 1);
}
