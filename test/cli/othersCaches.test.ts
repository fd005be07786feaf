/** Caches that others use beside ours, of whose objects a recording does not tell: pages that they have grown by, slabs that go. */
import assert from 'node:assert/strict';
import { giveSlabBack, isSlab } from '../../src/cli/replay/program/othersSlabs.js';
import { SharedCaches } from '../../src/cli/replay/program/sharedCaches.js';
import { ToldPages } from '../../src/cli/replay/program/toldPages.js';
import {
  alloc_pages,
  kmalloc,
  page_ref_count,
  virt_to_page,
} from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { get_node } from '../../src/engine/kernel/mm/slab.h.js';
import { loadProfile } from '../../src/engine/types/bundled.js';

const boot = () => bootMachine({ profile: loadProfile('x86_64-slab'), ramBytes: 128 << 20 }).mm;

/** As mm/slab.c asks for pages of dentries. */
const GFP = '40cd0';

describe('caches of others', () => {
  it('have grown by a page that is ours when our cache grows next', () => {
    const k = boot();
    const told = new ToldPages();
    const shared = new SharedCaches(k, told);
    told.take(k, GFP, 0);
    const theirs = told.lastWith(GFP) ?? -1;
    assert.equal(shared.grownFor(`pa 1234 o=0 mt=2 gfp=${GFP}`), GFP);
    shared.give(GFP);
    const page = alloc_pages(k, parseInt(GFP, 16), 0);
    assert.equal(k.page_to_pfn(page), theirs);
    assert.ok(shared.isTaken(`pa ${theirs.toString(16)} o=0 mt=2 gfp=${GFP}`));
    assert.equal(shared.grownFor(`pa 1234 o=0 mt=2 gfp=${GFP}`), undefined);
  });

  it('give a slab back whose objects were all theirs, with what a CPU kept of them', () => {
    const k = boot();
    const object = kmalloc(k, 2048, k.GFP_KERNEL);
    const page = virt_to_page(k, object);
    const cache = k.read_ptr(page + k.slab.slab_cache);
    const order = k.words[cache + k.kmem_cache.gfporder] ?? 0;
    const nrSlabs = () => k.read_ulong(get_node(k, cache) + k.kmem_cache_node.total_slabs);
    const before = nrSlabs();
    const pfn = k.page_to_pfn(page);
    assert.ok(isSlab(k, pfn, order) && !isSlab(k, pfn, order + 1));
    giveSlabBack(k, pfn, order);
    assert.ok(!isSlab(k, pfn, order));
    assert.equal(page_ref_count(k, page), 0);
    assert.equal(nrSlabs(), before - 1);
    const others = Array.from({ length: 32 }, () => kmalloc(k, 2048, k.GFP_KERNEL));
    assert.equal(new Set(others).size, 32);
  });
});
