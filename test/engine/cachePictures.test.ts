/**
 * Caches, slabs and objects, beside what /proc/slabinfo prints and what the allocator gives next: on booted machines with SLUB,
 * SLUB's debugging, and SLAB.
 */
import assert from 'node:assert/strict';
import { kmalloc, kmem_cache_alloc, proc_lines } from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { OBJECT_STATES } from '../../src/engine/view/atlas/caches.js';
import { cachesBody, slabPages, slabPicture } from '../../src/engine/view/atlas/cachesModel.js';
import { objectLayout } from '../../src/engine/view/atlas/objectLayout.js';
import { cachesOf, type CacheView } from '../../src/engine/view/slabCaches.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import type { Surveyor } from '../../src/engine/view/whereIs.js';

const boot = (profile: ProfileName, commandLine = ''): KernelImage =>
  bootMachine({ profile: loadProfile(profile), ramBytes: 128 << 20, commandLine });

const MACHINES: readonly (readonly [ProfileName, string])[] = [
  ['x86_64-slub', ''],
  ['i386-highmem4g-slub', 'slub_debug=ZU'],
  ['x86_64-slub-smp', ''],
  ['i386-pae-slab', ''],
];

interface SlabInfo {
  readonly name: string;
  readonly total: number;
  readonly size: number;
  readonly perSlab: number;
  readonly pages: number;
  readonly nrSlabs: number;
}

const slabinfo = ({ mm }: KernelImage): SlabInfo[] =>
  (proc_lines(mm, 'slabinfo') ?? []).slice(2).map((line) => {
    const words = line.split(/ +/);
    const [total = 0, size = 0, perSlab = 0, pages = 0] = words.slice(2, 6).map(Number);
    return { name: words[0] ?? '', total, size, perSlab, pages, nrSlabs: Number(words[14]) };
  });

const everySlab = (surveyor: Surveyor, { address }: CacheView) =>
  slabPages(surveyor, address, { start: 0, count: 4096 });

for (const [profile, commandLine] of MACHINES)
  describe(`caches: ${profile} ${commandLine}`, function () {
    let image: KernelImage;
    let surveyor: Surveyor;
    before(() => {
      image = boot(profile, commandLine);
      surveyor = surveyorOf(image);
    });

    it('are what /proc/slabinfo prints', () => {
      const ours = cachesBody(surveyor).caches.map(
        ({ name, total, sizeBytes, objectsPerSlab, order, nrSlabs }) => ({
          name,
          total,
          size: sizeBytes,
          perSlab: objectsPerSlab,
          pages: 2 ** order,
          nrSlabs,
        }),
      );
      assert.deepEqual(ours, slabinfo(image));
      assert.ok(ours.length > 20);
    });

    it('slabs hold all objects; those in use are as many as the cache has', () => {
      const { caches } = cachesBody(surveyor);
      for (const view of cachesOf(surveyor.reader)) {
        const cache = caches.find(({ name }) => name === view.name);
        const { slabs, total, places } = everySlab(surveyor, view);
        assert.equal(total, cache?.nrSlabs, view.name);
        assert.equal(slabs.length, total, view.name);
        assert.equal(
          places.reduce((sum, { nrSlabs }) => sum + nrSlabs, 0),
          total,
        );
        let used = 0;
        let all = 0;
        for (const { view: slab } of slabs) {
          const picture = slabPicture(surveyor, slab) ?? assert.fail(view.name);
          all += picture.objects.length;
          used += picture.objects.filter((state) => state === OBJECT_STATES.used).length;
          const chained = picture.chains.flatMap(({ objects }) => objects);
          assert.equal(new Set(chained).size, chained.length);
          assert.equal(
            chained.length,
            picture.objects.filter((state) => state !== OBJECT_STATES.used).length,
          );
        }
        assert.equal(all, cache?.total, view.name);
        assert.equal(used, cache?.used, view.name);
      }
    });

    it('a page of slabs is a part of all', () => {
      const view = cachesOf(surveyor.reader).find((each) => everySlab(surveyor, each).total > 6);
      assert.ok(view);
      const all = everySlab(surveyor, view);
      const pieces = [0, 2, 4].flatMap(
        (start) => slabPages(surveyor, view.address, { start, count: 2 }).slabs,
      );
      assert.deepEqual(pieces, all.slabs.slice(0, 6));
      assert.equal(slabPages(surveyor, view.address, { start: 0, count: 2 }).total, all.total);
    });

    it('the first free object of the CPU’s list is the one that is given next', () => {
      const { mm } = image;
      const isSlab = profile.endsWith('slab');
      // No CPU keeps a slab of a cache that is debugged: the node's first one gives.
      const isDebugged = commandLine !== '';
      const name = isSlab ? 'size-256' : 'kmalloc-256';
      const view = cachesOf(surveyor.reader).find(
        (each) => each.name === name || each.name === 'kmalloc-256',
      );
      assert.ok(view);
      kmalloc(mm, 256, mm.GFP_KERNEL);
      const { slabs } = everySlab(surveyor, view);
      const given = slabs.flatMap(({ view: slab }) => {
        const picture = slabPicture(surveyor, slab);
        const chain = picture?.chains.find(({ keeper }) =>
          isDebugged ? keeper === undefined : keeper?.includes('CPU 0'),
        );
        if (picture === undefined || chain === undefined) return [];
        return chain.objects.map((index) => picture.slab.firstObject + index * picture.slab.size);
      });
      const next = kmem_cache_alloc(mm, mm.cell_of(view.address), mm.GFP_KERNEL);
      // SLAB's array gives from its end, and may hold objects of several slabs.
      if (isSlab) assert.ok(given.includes(next));
      else assert.equal(given[0], next);
    });

    it('the parts of an object’s place follow one another up to the next', () => {
      for (const { address, name } of cachesOf(surveyor.reader)) {
        const layout = objectLayout(surveyor.reader, address);
        const size = surveyor.reader.uint('kmem_cache', 'size', address);
        const pointers = layout.filter(({ kind }) => kind === 'freePointer');
        const inside = layout.filter(
          ({ kind, from }, i) => kind !== 'freePointer' || from === layout[i - 1]?.to,
        );
        let at = 0;
        for (const { from, to } of inside) {
          assert.equal(from, at, name);
          at = to;
        }
        assert.equal(at, size, name);
        const object = layout.find(({ kind }) => kind === 'object');
        assert.equal(
          (object?.to ?? 0) - (object?.from ?? 0),
          surveyor.reader.uint('kmem_cache', 'object_size', address),
        );
        assert.equal(pointers.length, profile.endsWith('slab') ? 0 : 1, name);
        const kinds = layout.map(({ kind }) => kind);
        assert.equal(kinds.includes('track'), commandLine !== '', name);
        if (commandLine !== '')
          assert.equal(kinds.filter((kind) => kind === 'redzone').length, 2, name);
      }
    });
  });
