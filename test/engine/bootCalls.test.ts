/**
 * On a booted machine everything works that memory management offers: objects, caches, vmalloc areas, ioremap, kmap, per-CPU memory.
 * What is freed is back, but for what Linux leaves as well: counts of CPUs' transactions, lazy areas until they are purged, tables.
 */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { vmallocLines } from '../../src/engine/image/state/vmallocDump.js';
import { NULL } from '../../src/engine/machine/ctypes.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { asPhys, asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { objectsInUse } from '../../src/engine/proc/slabUse.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { freeRuns } from './percpuRuns.js';

const MiB = 2 ** 20;
/** An address of a call: nobody looks at what is there. */
const CALLER = asVirt(0x1000);

function inUse(k: Kernel): Map<string, number> {
  return new Map(
    [...kernel.slabCaches(k)].map((s) => [kernel.cacheName(k, s), objectsInUse(k, s)]),
  );
}

const free = (k: Kernel): number =>
  k.zones.reduce((sum, zone) => sum + kernel.zone_page_state(k, zone, k.NR_FREE_PAGES), 0);

for (const name of PROFILE_NAMES)
  describe(`calls on a booted machine: ${name}`, function () {
    let image: KernelImage;
    let k: Kernel;

    /** Calls, with the hash after a step back over all of it as before. */
    const itUndoes = (title: string, calls: () => void): void => {
      it(title, () => {
        image = bootMachine({
          profile: loadProfile(name),
          ramBytes: (name === 'x86_64-slub-smp' ? 128 : 1024) * MiB,
          cpus: name === 'x86_64-slub-smp' ? 2 : 1,
          // Merged caches have links in sysfs, which outlive them.
          commandLine: 'slab_nomerge',
        });
        k = image.mm;
        const hash = image.tape.hash();
        calls();
        image.tape.seek(0);
        assert.equal(image.tape.hash(), hash);
      });
    };

    itUndoes('kmalloc() of every size, and kfree()', () => {
      const before = inUse(k);
      for (const gfp of [
        k.GFP_KERNEL,
        k.GFP_ATOMIC,
        k.GFP_DMA,
        k.GFP_KERNEL | k.__GFP_RECLAIMABLE,
      ]) {
        const objects = [1, 8, 33, 96, 100, 192, 193, 1000, 4096, 8192].map((size) => {
          const object = kernel.kmalloc(k, size, gfp);
          assert.notEqual(object, 0);
          assert.ok(kernel.ksize(k, object) >= size);
          return object;
        });
        assert.equal(new Set(objects).size, objects.length);
        for (const object of objects) kernel.kfree(k, object);
      }
      assert.deepEqual(inUse(k), before);
      const large = kernel.kmalloc(k, 100_000, k.GFP_KERNEL);
      assert.equal(kernel.ksize(k, large), 131_072);
      kernel.kfree(k, large);
      assert.equal(kernel.kmalloc(k, 0, k.GFP_KERNEL), 16);
    });

    itUndoes("a cache of one's own, to its end", () => {
      const before = inUse(k);
      const s = kernel.kmem_cache_create(k, 'lesson', 1000, 0, k.SLAB_HWCACHE_ALIGN);
      assert.notEqual(s, NULL);
      const objects = Array.from({ length: 100 }, () =>
        kernel.kmem_cache_alloc(k, s, k.GFP_KERNEL),
      );
      assert.equal(new Set(objects).size, 100);
      assert.equal(objectsInUse(k, s), 100);
      for (const object of objects) kernel.kmem_cache_free(k, s, object);
      assert.equal(objectsInUse(k, s), 0);
      kernel.kmem_cache_destroy(k, s);
      assert.equal(kernel.findCache(k, 'lesson'), NULL);
      const after = inUse(k);
      // A dentry of the look-up in debugfs, and nodes of trees, wait for a grace period.
      for (const late of ['dentry', 'radix_tree_node'])
        for (const map of [before, after]) map.delete(late);
      assert.deepEqual(after, before);
    });

    itUndoes('vmalloc(), and all addresses are free again after a purge', () => {
      const areas = (): string[] => vmallocLines(k, () => '');
      const before = areas();
      const pages = free(k);
      const start = kernel.vmalloc(k, 10 * 4096, CALLER);
      assert.ok(kernel.is_vmalloc_addr(k, start));
      const other = kernel.vmalloc(k, 400 * 4096, CALLER);
      assert.equal(kernel.proc_lines(k, 'vmallocinfo')?.length, 2);
      for (const address of [start, other]) kernel.vfree(k, address);
      assert.equal(k.read_ulong(k.symbol('vmap_lazy_nr')), 412);
      kernel.vm_unmap_aliases(k);
      assert.equal(k.read_ulong(k.symbol('vmap_lazy_nr')), 0);
      // Where the objects of the tree lie may have changed.
      const shape = (lines: string[]): string[] => lines.map((line) => line.replace(/at=\w+/, ''));
      assert.deepEqual(shape(areas()), shape(before));
      kernel.drain_all_pages(k, NULL);
      // Tables of vmalloc space stay.
      assert.ok(pages - free(k) <= 200, `${pages - free(k)} pages are missing`);
    });

    itUndoes('ioremap()', () => {
      const device = kernel.ioremap(k, asPhys(0xfebf_0000), 0x2000, CALLER);
      assert.ok(kernel.is_vmalloc_addr(k, device));
      assert.match(kernel.proc_lines(k, 'vmallocinfo')?.[0] ?? '', /phys=0x0*febf0000 ioremap$/);
      kernel.iounmap(k, device);
      assert.equal(kernel.proc_lines(k, 'vmallocinfo')?.length, 0);
    });

    itUndoes('kmap(), kmap_local_page()', () => {
      const page = kernel.alloc_pages(k, k.GFP_HIGHUSER_MOVABLE, 0);
      const high = kernel.PageHighMem(k, page);
      assert.equal(high, !k.wide);
      const address = kernel.kmap(k, page);
      assert.equal(kernel.page_address(k, page), address);
      if (high) {
        assert.equal(address, asVirt(k.PKMAP_BASE) + 4096, 'slot 1 is the first');
        assert.equal(k.read_int(k.symbol('pkmap_count') + 1), 2);
      }
      kernel.kunmap(k, page);
      const local = kernel.kmap_local_page(k, page);
      assert.notEqual(local, 0);
      kernel.kunmap_local(k, local);
      kernel.__free_pages(k, page, 0);
    });

    itUndoes('per-CPU memory', () => {
      // Not the hint of the largest area, which may be smaller than that is.
      const before = { ...freeRuns(k), contigHint: 0 };
      const areas: VirtAddr[] = [];
      for (let i = 1; i <= 20; i++) {
        const area = kernel.__alloc_percpu(k, i * 8, 8);
        assert.notEqual(area, 0);
        areas.push(area);
      }
      assert.equal(new Set(areas).size, 20);
      for (const area of areas) kernel.free_percpu(k, area);
      assert.deepEqual({ ...freeRuns(k), contigHint: 0 }, before);
    });

    if (name === 'x86_64-slub')
      itUndoes('CMA', () => {
        image = bootMachine({
          profile: loadProfile(name),
          ramBytes: 256 * MiB,
          cmaBytes: 16 * MiB,
        });
        k = image.mm;
        const cma = k.read_ptr(k.symbol('dma_contiguous_default_area'));
        const page = kernel.cma_alloc(k, cma, 100, 0, false);
        assert.notEqual(page, NULL);
        assert.ok(kernel.cma_release(k, cma, page, 100));
        image.tape.seek(0);
      });
  });
