/** Where pages are, on the memory of real machines: what each slab and each free block says must be of one piece. */
import assert from 'node:assert/strict';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { asPfn } from '../../src/engine/memory/address.js';
import { kindOfState, PAGE_KINDS } from '../../src/engine/view/pageState.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import { whereIs } from '../../src/engine/view/whereIs.js';
import { recordedBytes, recordedMachines } from '../recordings.js';

describe('where the pages of real machines are', function () {
  for (const directory of recordedMachines('cores', /./))
    it(`${directory}: slabs name their caches, free blocks their lists`, () => {
      const image = openCore(randomAccessOf(recordedBytes(directory, 'before.vmcore.gz')));
      const surveyor = surveyorOf(image);
      const seen = { slab: 0, free: 0, perCpu: 0, user: 0 };
      const caches = new Set<string>();
      for (let pfn = 0; pfn < image.maxPfn; pfn += 1) {
        const kind = PAGE_KINDS[kindOfState(surveyor.states.stateOf(pfn))]?.name;
        if (kind !== 'slab' && kind !== 'perCpu' && kind !== 'user' && pfn % 64 !== 0) continue;
        const { facts, page } = whereIs(surveyor, asPfn(pfn));
        const fact = (name: string): string =>
          facts.find((each) => each.name === name)?.value ?? '';
        if (kind === 'slab') {
          seen.slab++;
          assert.match(fact('slab'), /^[\w:-]+: [1-9]\d* objects? of [1-9]\d* bytes/);
          caches.add(fact('slab').split(':')[0] ?? '');
        } else if (kind === 'free') {
          seen.free++;
          assert.match(fact('list'), new RegExp(`free_area\\[${page?.order}\\]\\.free_list`));
        } else if (kind === 'perCpu') {
          seen.perCpu++;
          assert.match(fact('list'), /^CPU 0, zone \w+, per_cpu_pages\.lists\[\d+\]/);
        } else if (kind === 'user') {
          seen.user++;
          assert.match(fact('mapped at'), /a (user virtual|kernel logical) address/);
        }
      }
      assert.ok(
        seen.slab > 100 && seen.free > 100 && seen.perCpu > 20 && seen.user > 3,
        JSON.stringify(seen),
      );
      for (const name of ['kmem_cache', 'kmem_cache_node', 'task_struct', 'vmap_area'])
        if (
          name !== 'kmem_cache_node' ||
          image.profile.types.struct('kmem_cache_cpu') !== undefined
        )
          assert.ok(caches.has(name), `${name} is among ${[...caches].join(' ')}`);
    });
});
