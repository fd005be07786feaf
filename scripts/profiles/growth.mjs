/**
 * What the kernel had allocated when it had booted, out of a recorded core: the caches, oldest first, and the slabs and other
 * blocks of the pageblocks it allocates from, by rising address. New ones are taken from there in just that order.
 *
 *     caches   NAME +RODATA|- [SIZE ALIGN FLAGS +TEXT|0 USEROFFSET USERSIZE]
 *              where the name lies in the read-only data (-: nowhere), the constructor in the text; without a size: made by
 *              kmem_cache_init() and vmalloc_init()
 *     growth   NAME*COUNT   a cache's next COUNT slabs      #ORDER*COUNT   blocks of no cache, per-CPU chunks left out     %   a page table
 *              ~ORDER       a block that was freed again    @NAME          caches up to NAME, and what happens before it
 *              !pagesets    pages come in batches from here on
 *                           ORDER with an r behind it: reclaimable
 *              (ORDER       a block that will be freed for )NAME, the next slab of a cache that is made later
 *     objects  NAME COUNT [SLAB:INDEX,INDEX]...   how many of a cache's objects were handed out, and which were freed again
 *              NAME COUNT @FREE                   SLAB: the rest is in a CPU's array, but for FREE objects
 *     facts    NAME VALUE   numbers of sysfs's nodes, of inodes, of file systems' devices
 */

/** Flags that the allocators set themselves. */
const INTERNAL_FLAGS = 0xd0001000;
const BOOT_CACHE = /^(kmem_cache|kmem_cache_node|vmap_area|(dma-)?kmalloc-.*)$/;
const KINDS = { unmovable: 0, reclaimable: 2 };
/** trace_event_init() has most of these caches' objects; pid_idr_init() makes the first cache behind setup_per_cpu_pageset(). */
const LAST_BEFORE_PAGESETS = /^(trace_event_file|ftrace_event_field)$/;
/** slab_sysfs_init() runs after the caches of kernel/ and before those of fs/, which is the order in which both are linked. */
const AFTER_SLAB_SYSFS_INIT = 'fasync_cache';

/** @param dumps lines of the dumps that were taken with the core */
export function growthOf(engine, image, dumps) {
  const { mm: k } = image;
  const caches = [...engine.slabCaches(k)].reverse();
  const names = new Map(caches.map((s) => [s, engine.cacheName(k, s)]));
  const streams = Object.fromEntries(
    Object.entries(KINDS).map(([kind, type]) => [kind, streamOf(engine, image, names, type)]),
  );
  return {
    caches: caches.map((s) => cacheLine(engine, k, s, names.get(s))),
    growth: runLengths(joined(streams, k, cacheOrder(engine, k, caches, names))).join(' '),
    objects: objectsOf(dumps, Object.values(streams).flat()),
    facts: [...sysfsFacts(engine, k), ...inodeFacts(engine, k)],
  };
}

function cacheLine(engine, k, s, name) {
  const word = (member) => k.words[s + k.kmem_cache[member]] >>> 0;
  const nameAt = k.read_va(s + k.kmem_cache.name);
  const at = `+${(nameAt - k.profile.symbol('__start_rodata').address).toString(16)}`;
  if (BOOT_CACHE.test(name)) return `${name} ${at}`;
  const flags = (word('flags') & ~INTERNAL_FLAGS) >>> 0;
  const ctor = k.read_va(s + k.kmem_cache.ctor);
  return [
    name,
    engine.is_kernel_rodata(k, nameAt) ? at : '-',
    word('object_size'),
    word('align'),
    flags.toString(16),
    ctor === 0 ? '0' : `+${(ctor - k.profile.symbol('_text').address).toString(16)}`,
    word('useroffset'),
    word('usersize'),
  ].join(' ');
}

/** What lies in the pageblocks of a type that have no reserved page. */
function streamOf(engine, image, names, type) {
  const { mm: k } = image;
  const free = freePages(engine, image);
  const tables = kernelTables(engine, image);
  const items = [];
  const nrPages = k.pageblock_nr_pages;
  for (let block = 0; block + nrPages <= image.maxPfn; block += nrPages) {
    const first = k.pfn_to_page(block);
    if (engine.get_pfnblock_migratetype(k, first, block) !== type) continue;
    const pages = Array.from({ length: nrPages }, (_, i) => k.pfn_to_page(block + i));
    if (pages.some((page) => (k.words[page + k.page.flags] & (1 << k.PG_reserved)) !== 0)) continue;
    for (let pfn = block; pfn < block + nrPages;) {
      const item = itemAt(engine, image, { names, free, tables }, pfn);
      if (type === KINDS.reclaimable && /^[#~]/.test(item.token ?? '')) item.token += 'r';
      items.push({ pfn, ...item });
      pfn += item.nrPages;
    }
  }
  while (items.at(-1)?.token?.startsWith('~')) items.pop();
  return byRefill(items, batchOf(engine, image, items)).filter(({ token }) => token !== undefined);
}

/** The batch of the zone that the blocks are in. */
function batchOf(engine, image, items) {
  const pfn = items[0]?.pfn ?? 0;
  const zone = engine.readZones(image).zones.find(
    ({ populated }) =>
      populated !== undefined &&
      pfn >= populated.fields.start &&
      pfn < populated.fields.start + populated.fields.spanned,
  );
  return zone?.populated.pcp[0].fields.batch ?? 1;
}

/**
 * Blocks in the order in which they left the free lists. A CPU takes several of an order at once, first such small ones as are
 * left of earlier splits; so what lies between the blocks of one refill was gone before it. Refills begin when page sets are set up:
 * at the place that fits best, near the last of the slabs that are known to be older.
 */
function byRefill(items, batch) {
  const known = items.findLastIndex(({ token }) => LAST_BEFORE_PAGESETS.test(token ?? '')) + 1;
  if (known === 0) {
    // Reclaimable: nodes of trees are all that is older.
    const first = items.findIndex(({ token }) => token !== 'radix_tree_node');
    const refills = refillsFrom(items.slice(first), batch);
    return [...items.slice(0, first), ...refills.flatMap((refill) => refill.items)];
  }
  let best;
  for (let first = Math.max(0, known - 8); first <= known + 16; first++) {
    const refills = refillsFrom(items.slice(first), batch);
    const wrong = contradictions(refills) + Math.abs(first - known) / 100;
    if (best === undefined || wrong < best.wrong) best = { first, refills, wrong };
  }
  const later = best.refills.flatMap((refill) => refill.items);
  const marker = { token: '!pagesets', nrPages: 0 };
  return [...items.slice(0, best.first), marker, ...later];
}

function refillsFrom(items, batch) {
  const refills = [];
  const open = new Map();
  for (const item of items) {
    const order = Math.log2(item.nrPages);
    const size = batch === 1 ? 1 : Math.max(batch >> order, 2);
    let refill = open.get(order);
    if (refill === undefined || refill.items.length >= size) {
      refill = { items: [] };
      refills.push(refill);
      open.set(order, refill);
    }
    refill.items.push(item);
    refill.end = item.pfn;
  }
  return refills.sort((a, b) => a.end - b.end);
}

/** How many blocks there are between those of an older refill, and how many lie higher than a free block that would have done. */
function contradictions(refills) {
  let wrong = 0;
  const free = new Set();
  for (const { items, end } of refills.slice(0, 60).reverse()) {
    for (let pfn = items[0].pfn; pfn < end; pfn++) if (free.has(pfn)) wrong++;
    for (const { pfn, nrPages } of items)
      for (const start of free)
        if (start < pfn && start % nrPages === 0 && isFree(free, start, nrPages)) wrong++;
    for (const { pfn, nrPages } of items) for (let i = 0; i < nrPages; i++) free.add(pfn + i);
  }
  return wrong;
}

function isFree(free, start, nrPages) {
  for (let i = 0; i < nrPages; i++) if (!free.has(start + i)) return false;
  return true;
}

function itemAt(engine, image, { names, free, tables }, pfn) {
  const { mm: k } = image;
  const page = k.pfn_to_page(pfn);
  const flags = k.words[page + k.page.flags];
  const order = free.get(pfn);
  if (order !== undefined) return { token: `~${order}`, nrPages: 1 << order };
  if (tables.has(pfn)) return { token: undefined, nrPages: 1 };
  if ((flags & (1 << k.PG_slab)) !== 0) {
    const token = names.get(k.read_ptr(page + k.slab.slab_cache));
    return { token, nrPages: 1 << engine.folio_order(k, page) };
  }
  if (k.words[page + k.page._mapcount] === ~k.PG_table) return { token: '%', nrPages: 1 };
  let nrPages = 1;
  const isTail = (at) =>
    !free.has(at) && at < image.maxPfn && k.words[k.pfn_to_page(at) + k.page._refcount] === 0;
  while (isTail(pfn + nrPages)) nrPages++;
  let blockOrder = 0;
  while (2 << blockOrder <= nrPages && pfn % (2 << blockOrder) === 0) blockOrder++;
  // Pages of a chunk lead to it by page->index.
  const ofChunk = !k.smp && 1 << blockOrder === k.read_int(k.globals.pcpu_unit_pages);
  if (ofChunk && k.read_va(page + k.page.index) !== 0) return { nrPages: 1 << blockOrder };
  return { token: `#${blockOrder}`, nrPages: 1 << blockOrder };
}

/** pfn -> order, of blocks that are free or on a CPU's list. */
function freePages(engine, image) {
  const free = new Map();
  for (const { populated } of engine.readZones(image).zones) {
    if (populated === undefined) continue;
    populated.free_area.forEach((area, order) => {
      for (const pfn of area.lists.flat()) free.set(pfn, order);
    });
    for (const { lists } of populated.pcp)
      for (const [pindex, { pfns }] of lists) {
        const order = pindex < 12 ? Math.floor(pindex / 3) : image.mm.pageblock_order;
        for (const pfn of pfns) free.set(pfn, order);
      }
  }
  return free;
}

/** Tables that boot makes itself: those of vmalloc space on 64 bit. */
function kernelTables(engine, image) {
  const { mm: k, profile } = image;
  const tables = new Set();
  if (profile.arch !== 'x86_64') return tables;
  const root = k.symbol('init_top_pgt');
  const entryOf = (va) => Number((BigInt(va) >> BigInt(k.PGDIR_SHIFT)) & 511n);
  for (let i = entryOf(profile.constant('VMALLOC_START')); i <= entryOf(profile.constant('VMALLOC_END')); i++)
    tables.add(Math.floor(k.read_ulong(root + i * 2) / 4096));
  return tables;
}

/**
 * One order for both streams: nothing tells how they interleaved, and it makes no difference but that a cache is made before its
 * slabs. Reclaimable slabs come before sysfs is filled, but for those at their end that it takes itself.
 */
function joined({ unmovable, reclaimable }, k, order) {
  const tokens = inTime(unmovable, order);
  const later = reclaimable.map(({ token }) => token);
  // What is older than batches: see byRefill().
  const early = later.splice(0, Math.max(0, later.findIndex((token) => token !== 'radix_tree_node')));
  tokens.splice(tokens.indexOf('!pagesets'), 0, ...early);
  if (k.CONFIG_SLAB !== 0) return [...tokens, ...later];
  const run = filledFrom(tokens);
  // Nodes for the numbers of sysfs's files come right behind the inodes of debugfs.
  const nodes = later.findLastIndex(
    (token, i) => token === 'inode_cache' && later[i + 1] === 'radix_tree_node',
  );
  const at = nodes >= 0 ? nodes + 1 : later.lastIndexOf('inode_cache');
  return [
    ...tokens.slice(0, run),
    ...later.slice(0, at),
    `@${AFTER_SLAB_SYSFS_INIT}`,
    ...tokens.slice(run),
    ...later.slice(at),
  ];
}

/** When a cache can be there: its number, and how many caches a slab of kmem_cache holds. */
function cacheOrder(engine, k, caches, names) {
  const kmem_cache = caches.find((s) => names.get(s) === 'kmem_cache');
  const perSlab = k.CONFIG_SLAB !== 0 ? k.words[kmem_cache + k.kmem_cache.num] : k.words[kmem_cache + k.kmem_cache.oo] & 0xffff;
  return { perSlab, numberOf: new Map(caches.map((s, i) => [names.get(s), i + 1])) };
}

/**
 * The tokens, with a slab that lies lower than others which are older put where its cache can be there: it took what something
 * else had freed, so until then its place is held.
 */
function inTime(items, { perSlab, numberOf }) {
  const tokens = [];
  const late = [];
  let nrCaches = 0;
  for (const { token, nrPages } of items) {
    if (nrPages > 0 && numberOf.get(token) > nrCaches && token !== 'kmem_cache' && nrCaches > 0) {
      tokens.push(`(${Math.log2(nrPages)}`);
      late.push(token);
      continue;
    }
    tokens.push(token);
    if (token !== 'kmem_cache') continue;
    nrCaches += perSlab;
    for (const each of late.filter((name) => numberOf.get(name) <= nrCaches)) {
      tokens.push(`)${each}`);
      late.splice(late.indexOf(each), 1);
    }
  }
  return [...tokens, ...late.map((name) => `)${name}`)];
}

/** Where the slabs begin that slab_sysfs_init() fills: with the longest row of them, or one before it in what was left lower. */
function filledFrom(tokens) {
  const longest = longestRun(tokens, 'kernfs_node_cache');
  const from = Math.max(0, longest.start - 60);
  const lower = longestRun(tokens.slice(from, longest.start), 'kernfs_node_cache');
  return lower.length >= 6 ? from + lower.start : longest.start;
}

function longestRun(tokens, name) {
  let best = { start: 0, length: 0 };
  for (let i = 0; i < tokens.length; i++) {
    let length = 0;
    while (tokens[i + length] === name) length++;
    if (length > best.length) best = { start: i, length };
  }
  return best;
}

function runLengths(tokens) {
  const runs = [];
  for (const token of tokens) {
    const last = runs.at(-1);
    if (last?.token === token) last.count++;
    else runs.push({ token, count: 1 });
  }
  return runs.map(({ token, count }) => (count === 1 ? token : `${token}*${count}`));
}

/** Of each cache with objects a line. The dumps tell what is free: the core need not have the contents of slabs. */
function objectsOf(dumps, items) {
  const slabs = new Map();
  for (const { pfn, token } of items)
    slabs.set(token, [...(slabs.get(token) ?? []), pfn]);
  const lines = [];
  for (let at = 0; at < dumps.length; at++) {
    const name = /^%slab (\S+)$/.exec(dumps[at])?.[1];
    if (name === undefined) continue;
    const block = dumps.slice(at, dumps.indexOf('%end', at));
    const { handedOut, freed } = usedObjects(block, slabs.get(name) ?? []);
    if (handedOut > 0) lines.unshift([name, handedOut, ...freed].join(' '));
  }
  return lines;
}

/** Of SLUB what lies on a node's list was freed; what a CPU has left was never handed out. SLAB's arrays mix the two. */
function usedObjects(block, slabs) {
  const slab = /total=(\d+) free_slabs=\d+ free_objects=(\d+)/.exec(block.join('\n'));
  if (slab !== null) {
    const num = Number(/ num=(\d+)/.exec(block[1])[1]);
    const avail = Number(/avail=(\d+)/.exec(block.join('\n'))[1]);
    return { handedOut: Number(slab[1]) * num - Number(slab[2]) - avail, freed: [`@${slab[2]}`] };
  }
  const total = Number(/total_objects=(\d+)/.exec(block.join('\n'))[1]);
  const unused = block.flatMap((line) => indexesIn(/ lockless ?(.*)$/.exec(line)?.[1] ?? ''));
  const freed = block.flatMap((line) => {
    const [, pfn, list] = / c?part pfn=(\w+).* fl ?(.*)$/.exec(line) ?? [];
    const slabNr = slabs.indexOf(parseInt(pfn, 16));
    // What was freed first is the last of a freelist.
    return slabNr < 0 ? [] : [`${slabNr}:${indexesIn(list).reverse().join()}`];
  });
  return { handedOut: total - unused.length, freed };
}

/** `V` or `V:COUNT:STEP`, hexadecimal, separated by spaces. */
const indexesIn = (text) =>
  text.split(' ').filter((token) => token !== '').flatMap((token) => {
    const [value, count = 1, step = 0] = token.split(':').map((number) => parseInt(number, 16));
    return Array.from({ length: count }, (_, i) => value + i * step);
  });

function sysfsFacts(engine, k) {
  const kset = k.globals.slab_kset === 0 ? 0 : k.read_ptr(k.globals.slab_kset);
  if (kset === 0) return [];
  const slab = k.read_ptr(kset + k.kset.kobj + k.kobject.sd);
  const root = k.read_ptr(k.globals.sysfs_root);
  return [
    `slab_node ${k.words[slab + k.kernfs_node.id]}`,
    `last_node ${k.words[root + k.kernfs_root.last_id_lowbits]}`,
  ];
}

/** Of file systems of memory: their devices, and the inodes that come next. */
function inodeFacts(engine, k) {
  const sbOf = (mnt) => k.read_ptr(k.plus(mnt, k.vfsmount.mnt_sb));
  const shm = sbOf(k.read_ptr(k.globals.shm_mnt));
  const root = sbOf(k.read_ptr(k.plus(k.globals.init_fs, k.fs_struct.root_mnt)));
  const infoOf = (sb) => k.read_ptr(k.plus(sb, k.super_block.s_fs_info));
  const dev = (sb) => k.read_int(k.plus(sb, k.super_block.s_dev));
  const batch = engine.raw_cpu_ptr(k, k.plus(infoOf(shm), k.shmem_sb_info.ino_batch));
  const pools = k.words[k.globals.default_hstate_idx] * k.ptr_words;
  const facts = {
    shm_dev: dev(shm),
    shm_ino: k.read_ulong(batch),
    root_dev: dev(root),
    root_ino: k.read_ulong(k.plus(infoOf(root), k.shmem_sb_info.next_ino)),
    hugetlbfs_dev: dev(sbOf(k.read_ptr(k.globals.hugetlbfs_vfsmount + pools))),
    last_ino: k.read_int(engine.per_cpu(k, 'last_ino', 0)) >>> 0,
    ...(k.smp && { shared_last_ino: k.words[k.globals.shared_last_ino] }),
  };
  return Object.entries(facts).map(([name, value]) => `${name} ${value}`);
}
