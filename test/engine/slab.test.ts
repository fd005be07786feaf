/** SLAB: mm/slab.c on recorded machines. What must hold whatever is allocated, and single rules at their borders. */
import assert from 'node:assert/strict';
import { slabsLines } from '../../src/engine/image/state/index.js';
import * as plain from '../../src/engine/entry/functions.js';
import { kernel as instrumented } from '../../src/engine/entry/instrumented.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { NULL, type KmemCache } from '../../src/engine/machine/ctypes.js';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { random as randomOf } from './random.js';
import { openSlabMachine } from './slabMachines.js';

const FOLDERS = ['i386-pae-slab-1536M', 'x86_64-slab-512M'];

/** Numbers of a `%slab` line. */
const fieldsOf = (line: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    line.split(' ').flatMap((word) => {
      const [name = '', value] = word.split('=');
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

interface CacheState {
  readonly num: number;
  readonly total: number;
  readonly freeSlabs: number;
  readonly freeObjects: number;
  readonly avail: number;
  readonly slabs: readonly { readonly list: string; readonly active: number }[];
}

function stateOf(image: Parameters<typeof slabsLines>[0], name: string): CacheState {
  const lines = slabsLines(image, { lines: ['%slab '] } as never) ?? [];
  const from = lines.indexOf(`%slab ${name}`);
  assert.ok(from >= 0, `no cache ${name}`);
  const mine = lines.slice(from + 1, lines.indexOf('%end', from));
  const of = (start: string): Readonly<Record<string, string>> =>
    fieldsOf(mine.find((line) => line.startsWith(start)) ?? '');
  return {
    num: Number(of('kc ')['num']),
    total: Number(of(' node')['total']),
    freeSlabs: Number(of(' node')['free_slabs']),
    freeObjects: Number(of(' node')['free_objects']),
    avail: Number(of(' cpu0')['avail']),
    slabs: mine
      .filter((line) => /^ (part|full|free) /.test(line))
      .map((line) => ({
        list: line.split(' ')[1] ?? '',
        active: Number(fieldsOf(line)['active']),
      })),
  };
}

/** What the node's words say about its slabs. */
function assertConsistent(state: CacheState, out: number): void {
  const { num, slabs } = state;
  assert.equal(state.total, slabs.length);
  assert.equal(state.freeSlabs, slabs.filter(({ list }) => list === 'free').length);
  const active = slabs.reduce((sum, slab) => sum + slab.active, 0);
  assert.equal(state.freeObjects, slabs.length * num - active);
  assert.equal(active, state.avail + out);
  for (const { list, active: inUse } of slabs)
    assert.equal(list, inUse === 0 ? 'free' : inUse === num ? 'full' : 'part');
}

const freePages = (k: Kernel): number =>
  k.zones.reduce((sum, zone) => sum + plain.zone_page_state(k, zone, k.NR_FREE_PAGES), 0);

for (const folder of FOLDERS)
  describe(`SLAB: ${folder}`, function () {
    const open = () => {
      const { image, dump } = openSlabMachine(folder);
      return { image, dump, k: image.mm, gfp: image.mm.GFP_KERNEL };
    };

    it('what was loaded is dumped again, line for line', () => {
      const { image, dump } = open();
      assert.deepEqual(slabsLines(image, dump), dump.lines);
    });

    it('caches are found by name; there is none of another', () => {
      const { k } = open();
      assert.equal(plain.cacheName(k, plain.findCache(k, 'vmap_area')), 'vmap_area');
      assert.equal(plain.findCache(k, 'no such cache'), NULL);
    });

    for (const [name, size, align, flags] of [
      ['objects that hold the freelist', 128, 0, 0],
      ['a freelist on the slab', 24, 0, 0],
      ['one object a slab', 5000, 0, 0x2000],
      ['reclaimable', 256, 8, 0x20000],
    ] as const)
      it(`random allocating and freeing: ${name}`, () => {
        const { image, k, gfp } = open();
        const start = image.tape.cursor;
        const hash = image.tape.hash();
        const random = randomOf(size);
        const s = plain.kmem_cache_create(k, 'test', size, align, flags);
        assert.notEqual(s, NULL);
        const out = new Set<VirtAddr>();
        for (let i = 0; i < 3000; i++) {
          const filling = i % 1000 < 500;
          if (random(100) < (filling ? 65 : 35) || out.size === 0) {
            const object = plain.kmem_cache_alloc(k, s, gfp);
            assert.notEqual(object, 0);
            assert.ok(!out.has(object), 'an object is handed out twice');
            assert.equal(plain.virt_to_slab(k, object) === NULL, false);
            out.add(object);
          } else {
            const object = [...out][random(out.size)] ?? asVirt(0);
            out.delete(object);
            plain.kmem_cache_free(k, s, object);
          }
          if (i % 250 === 0) assertConsistent(stateOf(image, 'test'), out.size);
        }
        assertConsistent(stateOf(image, 'test'), out.size);
        const end = image.tape.cursor;
        const after = image.tape.hash();
        image.tape.seek(start);
        assert.equal(image.tape.hash(), hash);
        image.tape.seek(end);
        assert.equal(image.tape.hash(), after);
      });

    it('objects do not overlap, and lie in their slab', () => {
      const { k, gfp } = open();
      const s = plain.kmem_cache_create(k, 'test', 700, 0, 0x2000);
      const objects: VirtAddr[] = [];
      assert.equal(plain.kmem_cache_alloc_bulk(k, s, gfp, 200, objects), 200);
      const sorted = [...objects].sort((a, b) => a - b);
      const size = k.words[s + k.kmem_cache.size] ?? 0;
      sorted.forEach((object, i) => {
        if (i > 0) assert.ok(object - (sorted[i - 1] ?? 0) >= size);
        assert.equal(Math.abs(object % (k.words[s + k.kmem_cache.align] ?? 0)), 0);
      });
    });

    it('destroying a cache gives back all that creating and using it took', () => {
      const { image, k, gfp } = open();
      plain.drain_all_pages(k, NULL);
      const before = freePages(k);
      const counter = k.globals.contig_page_data + k.pglist_data.vm_stat;
      const pages = (): number => k.read_long(counter + k.NR_SLAB_UNRECLAIMABLE_B * k.ptr_words);
      const counted = pages();
      const lines = (): readonly string[] =>
        slabsLines(image, { lines: ['%slab '] } as never) ?? [];
      const names = lines().filter((line) => line.startsWith('%slab '));
      const s = plain.kmem_cache_create(k, 'test', 1000, 0, 0);
      const objects: VirtAddr[] = [];
      plain.kmem_cache_alloc_bulk(k, s, gfp, 100, objects);
      assert.ok(pages() > counted);
      plain.kmem_cache_destroy(k, s);
      assert.equal(plain.findCache(k, 'test'), s, 'a cache with live objects stays');
      plain.kmem_cache_free_bulk(k, s, 100, objects);
      k.write(s + k.kmem_cache.refcount, 1);
      plain.kmem_cache_destroy(k, s);
      assert.deepEqual(
        lines().filter((line) => line.startsWith('%slab ')),
        names,
      );
      plain.drain_all_pages(k, NULL);
      assert.equal(pages(), counted);
      assert.equal(freePages(k), before);
    });

    it('shrinking leaves slabs with objects only, and says whether there are any', () => {
      const { image, k, gfp } = open();
      const s = plain.kmem_cache_create(k, 'test', 512, 0, 0);
      const objects: VirtAddr[] = [];
      plain.kmem_cache_alloc_bulk(k, s, gfp, 50, objects);
      plain.kmem_cache_free_bulk(k, s, 49, objects);
      assert.equal(plain.kmem_cache_shrink(k, s), 1);
      const left = stateOf(image, 'test');
      assert.deepEqual(
        left.slabs.map(({ active }) => active),
        [1],
      );
      assert.equal(left.avail, 0);
      plain.kmem_cache_free(k, s, objects[49] ?? asVirt(0));
      assert.equal(plain.kmem_cache_shrink(k, s), 0);
      assert.deepEqual(stateOf(image, 'test').slabs, []);
    });

    it('kmalloc: sizes, types, ksize; large blocks come from the page allocator', () => {
      const { k, gfp } = open();
      const cacheNameOf = (object: VirtAddr): string =>
        plain.cacheName(k, k.read_ptr(plain.virt_to_slab(k, object) + k.slab.slab_cache));
      const dma = k.__GFP_DMA;
      const reclaimable = k.__GFP_RECLAIMABLE;
      for (const [size, flags, name, usable] of [
        [1, 0, 'kmalloc-32', 32],
        [33, 0, 'kmalloc-64', 64],
        [96, 0, 'kmalloc-96', 96],
        [97, 0, 'kmalloc-128', 128],
        [192, 0, 'kmalloc-192', 192],
        [193, 0, 'kmalloc-256', 256],
        [8192, 0, 'kmalloc-8k', 8192],
        [100, dma, 'dma-kmalloc-128', 128],
        [100, reclaimable, 'kmalloc-rcl-128', 128],
        [100, dma | reclaimable, 'dma-kmalloc-128', 128],
      ] as const) {
        const object = plain.kmalloc(k, size, gfp | flags);
        assert.equal(cacheNameOf(object), name);
        assert.equal(plain.ksize(k, object), usable);
        plain.kfree(k, object);
      }
      assert.equal(plain.kmalloc(k, 0, gfp), plain.ZERO_SIZE_PTR);
      const large = plain.kmalloc(k, 8193, gfp);
      assert.equal(plain.virt_to_slab(k, large), NULL);
      assert.equal(plain.ksize(k, large), 16384);
      plain.kfree(k, large);
      plain.kfree(k, asVirt(0));
    });

    it('kzalloc clears the object, kmalloc leaves what was there', () => {
      const { k, gfp } = open();
      const object = plain.kmalloc(k, 64, gfp);
      plain.memset(k, object, 0xa5, 64);
      plain.kfree(k, object);
      assert.equal(plain.kmalloc(k, 64, gfp), object);
      assert.equal(plain.readByte(k, asVirt(object + 63)), 0xa5);
      plain.kfree(k, object);
      assert.equal(plain.kzalloc(k, 64, gfp), object);
      for (let i = 0; i < 64; i++) assert.equal(plain.readByte(k, asVirt(object + i)), 0);
    });

    it('no pages for a slab: no object, and nothing has changed', () => {
      const { image, k } = open();
      const atomic = k.GFP_ATOMIC;
      const s = plain.kmem_cache_create(k, 'test', 4096, 0, 0);
      while (plain.alloc_pages(k, atomic | k.__GFP_NOWARN, 0) !== NULL);
      const before = stateOf(image, 'test');
      assert.equal(plain.kmem_cache_alloc(k, s, atomic | k.__GFP_NOWARN), 0);
      assert.deepEqual(stateOf(image, 'test'), before);
      const objects: VirtAddr[] = [];
      assert.equal(plain.kmem_cache_alloc_bulk(k, s, atomic | k.__GFP_NOWARN, 5, objects), 0);
    });

    it('GFP flags that make no sense are reported and dropped', () => {
      const { image, k, gfp } = open();
      const s = plain.kmem_cache_create(k, 'test', 100, 0, 0);
      const highmem = k.__GFP_HIGHMEM > 0 ? k.__GFP_HIGHMEM : k.__GFP_DMA32;
      const from = image.tape.cursor;
      assert.notEqual(plain.kmem_cache_alloc(k, s, gfp | highmem), 0);
      const texts = image.tape
        .marksBetween(from, image.tape.cursor + 1)
        .flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : []));
      assert.match(
        texts[0] ?? '',
        /^Unexpected gfp: 0x.*Fixing up to gfp: 0xcc0 \(GFP_KERNEL\)\. Fix/,
      );
    });

    it('flags that no cache can have: none is made', () => {
      const { k } = open();
      assert.equal(plain.kmem_cache_create(k, 'test', 100, 0, 1), NULL);
    });

    it('caches under RCU stay on their list until the work runs', () => {
      const { k } = open();
      const create = (): KmemCache =>
        plain.kmem_cache_create(k, 'test', 64, 0, k.SLAB_TYPESAFE_BY_RCU);
      const first = create();
      plain.kmem_cache_destroy(k, first);
      const second = create();
      assert.notEqual(second, first);
      plain.kmem_cache_destroy(k, second);
      plain.slab_caches_to_rcu_destroy_workfn(k);
      assert.equal(create(), second);
    });

    it('the instrumented kernel leaves the same tape', () => {
      const run = (kernel: typeof plain): { hash: string; end: number } => {
        const { image, k, gfp } = open();
        const s = kernel.kmem_cache_create(k, 'test', 200, 0, 0x2000);
        const objects: VirtAddr[] = [];
        kernel.kmem_cache_alloc_bulk(k, s, gfp, 150, objects);
        kernel.kmem_cache_free_bulk(k, s, 150, objects);
        kernel.kmem_cache_shrink(k, s);
        kernel.kfree(k, kernel.kmalloc(k, 300, gfp));
        kernel.kmem_cache_destroy(k, s);
        return { hash: image.tape.hash(), end: image.tape.end };
      };
      assert.deepEqual(run(instrumented), run(plain));
    });
  });
