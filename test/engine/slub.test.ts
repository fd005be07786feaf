/** SLUB: mm/slub.c on recorded machines. What must hold whatever is allocated, and single rules at their borders. */
import assert from 'node:assert/strict';
import { slabDumpLines, slabsLines } from '../../src/engine/image/state/index.js';
import * as plain from '../../src/engine/entry/functions.js';
import { kernel as instrumented } from '../../src/engine/entry/instrumented.js';
import { kernfs_name_hash } from '../../src/engine/kernel/fs/kernfs/dir/sibling.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { NULL } from '../../src/engine/machine/ctypes.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { random as randomOf } from './random.js';
import { openSlabMachine } from './slabMachines.js';

const FOLDERS = ['i386-highmem4g-slub-1G', 'x86_64-slub-512M', 'x86_64-slub-smp-512M'];

const slabOf = (image: KernelImage, name: string): string[] =>
  slabDumpLines(image, { args: [name], lines: [' any '] } as never) ?? [];

const numberIn = (line: string | undefined, field: string): number =>
  Number(new RegExp(`\\b${field}=(\\d+)`).exec(line ?? '')?.[1]);

const freePages = (k: Kernel): number =>
  k.zones.reduce((sum, zone) => sum + plain.zone_page_state(k, zone, k.NR_FREE_PAGES), 0);

/** Objects in a sequence of a dump: `0 5 6:3:1`. */
const lengthOf = (sequence: string): number =>
  sequence
    .trim()
    .split(' ')
    .filter((token) => token !== '')
    .reduce(
      (sum, token) => sum + (token.includes(':') ? parseInt(token.split(':')[1] ?? '', 16) : 1),
      0,
    );

/** In every slab, what is used and what is free are all its objects; the node counts the slabs. */
function assertConsistent(image: KernelImage, name: string, out: number): void {
  const lines = slabOf(image, name);
  const any = lines.filter((line) => line.startsWith(' any '));
  const node = lines.find((line) => line.startsWith(' node '));
  assert.equal(numberIn(node, 'nr_slabs'), any.length);
  const objects = any.reduce((sum, line) => sum + numberIn(line, 'objects'), 0);
  assert.equal(numberIn(node, 'total_objects'), objects);
  assert.equal(
    numberIn(node, 'nr_partial'),
    lines.filter((line) => line.startsWith(' part ')).length,
  );
  const inuse = any.reduce((sum, line) => sum + numberIn(line, 'inuse'), 0);
  for (const line of any) {
    const free = lengthOf(line.split(' fl')[1] ?? '');
    assert.equal(numberIn(line, 'inuse') + free, numberIn(line, 'objects'), line);
  }
  const lockless = lines.find((line) => line.startsWith(' cpu ')) ?? '';
  assert.equal(inuse, out + lengthOf(lockless.split('lockless')[1] ?? ''));
}

for (const folder of FOLDERS)
  describe(`SLUB: ${folder}`, function () {
    const open = () => {
      const { image, dump } = openSlabMachine(folder);
      return { image, dump, k: image.mm, gfp: image.mm.GFP_KERNEL };
    };

    it('what was loaded is dumped again, line for line', () => {
      const { image, dump } = open();
      assert.deepEqual(slabsLines(image, dump), dump.lines);
    });

    for (const [name, size, align, flags] of [
      ['small', 24, 0, 0],
      ['a middling size', 300, 0, 0],
      ['aligned to cache lines', 100, 0, 0x2000],
      ['slabs of several pages', 3000, 0, 0],
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
            out.add(object);
          } else {
            const object = [...out][random(out.size)] as VirtAddr;
            out.delete(object);
            plain.kmem_cache_free(k, s, object);
          }
          if (i % 300 === 0) assertConsistent(image, 'test', out.size);
        }
        for (const object of out) plain.kmem_cache_free(k, s, object);
        assertConsistent(image, 'test', 0);
        assert.equal(plain.kmem_cache_shrink(k, s), 0);
        plain.kmem_cache_destroy(k, s);
        assert.equal(plain.findCache(k, 'test'), NULL);
        image.tape.seek(start);
        assert.equal(image.tape.hash(), hash);
      });

    it('the last one freed is the next one handed out', () => {
      const { k, gfp } = open();
      const s = plain.kmem_cache_create(k, 'lifo', 64, 0, 0);
      const [a, b] = [plain.kmem_cache_alloc(k, s, gfp), plain.kmem_cache_alloc(k, s, gfp)];
      plain.kmem_cache_free(k, s, a);
      plain.kmem_cache_free(k, s, b);
      assert.equal(plain.kmem_cache_alloc(k, s, gfp), b);
      assert.equal(plain.kmem_cache_alloc(k, s, gfp), a);
    });

    it('what is freed in bulk comes back in the order of the array, reversed', () => {
      const { k, gfp } = open();
      const s = plain.kmem_cache_create(k, 'bulk', 64, 0, 0);
      const p: VirtAddr[] = [];
      assert.equal(plain.kmem_cache_alloc_bulk(k, s, gfp, 4, p), 4);
      plain.kmem_cache_free_bulk(k, s, 4, p);
      const again = Array.from({ length: 4 }, () => plain.kmem_cache_alloc(k, s, gfp));
      assert.deepEqual(again, [...p].reverse());
    });

    it('a cache with objects out stays, and says so', () => {
      const { image, k, gfp } = open();
      const s = plain.kmem_cache_create(k, 'kept', 64, 0, 0);
      const object = plain.kmem_cache_alloc(k, s, gfp);
      plain.kmem_cache_destroy(k, s);
      const events = image.tape.marksBetween(0, image.tape.end + 1).map(({ event }) => event);
      assert.ok(events.some((event) => event.kind === 'warn' && event.text.includes('kept')));
      assert.equal(plain.findCache(k, 'kept'), s);
      assert.notEqual(object, 0);
    });

    it('kmalloc: classes, zeroing, beyond two pages, nothing', () => {
      const { k, gfp } = open();
      for (const [size, usable] of [
        [1, 8],
        [8, 8],
        [9, 16],
        [65, 96],
        [97, 128],
        [129, 192],
        [193, 256],
        [8192, 8192],
        [8193, 16384],
      ] as const) {
        const object = plain.kmalloc(k, size, gfp);
        assert.equal(plain.ksize(k, object), usable, `${size} bytes`);
        plain.kfree(k, object);
      }
      const dirty = plain.kmalloc(k, 64, gfp);
      plain.memset(k, dirty, 0x5a, 64);
      plain.kfree(k, dirty);
      const zeroed = plain.kzalloc(k, 64, gfp);
      assert.equal(zeroed, dirty);
      for (let i = 0; i < 64; i++) assert.equal(plain.readByte(k, asVirt(zeroed + i)), 0);
      assert.equal(plain.kmalloc(k, 0, gfp), 16);
      plain.kfree(k, asVirt(16));
    });

    it('without memory a cache gives NULL and reports', () => {
      const { image, k } = open();
      const gfp = k.GFP_NOWAIT;
      const s = plain.kmem_cache_create(k, 'starved', 4096, 0, 0);
      while (plain.alloc_pages(k, gfp | k.__GFP_NOWARN, 0) !== NULL);
      while (plain.kmem_cache_alloc(k, s, gfp | k.__GFP_NOWARN) !== 0);
      assert.equal(plain.kmem_cache_alloc(k, s, gfp), 0);
      const texts = image.tape
        .marksBetween(0, image.tape.end + 1)
        .map(({ event }) => (event.kind === 'printk' ? event.text : ''));
      assert.ok(
        texts.some((text) => text.startsWith('SLUB: Unable to allocate memory on node -1')),
      );
      assert.ok(freePages(k) >= 0);
    });

    it('stepped through, it writes the same tape', () => {
      const run = (kernel: typeof plain): string => {
        const { image, k, gfp } = open();
        const s = kernel.kmem_cache_create(k, 'stepped', 700, 0, 0);
        const objects = Array.from({ length: 60 }, () => kernel.kmem_cache_alloc(k, s, gfp));
        for (const object of objects) kernel.kmem_cache_free(k, s, object);
        kernel.kmem_cache_shrink(k, s);
        kernel.kmem_cache_destroy(k, s);
        return image.tape.hash();
      };
      assert.equal(run(instrumented), run(plain));
    });
  });

describe('names in kernfs', () => {
  it('hash below INT_MAX, never to 0 or 1', () => {
    for (const wide of [false, true])
      for (const name of ['', 'a', 'slab_size', 'mmo-0', 'x'.repeat(200)]) {
        const hash = kernfs_name_hash({ wide }, name);
        assert.ok(hash >= 2 && hash < 0x7fffffff, `${name}: ${hash}`);
      }
  });
});
