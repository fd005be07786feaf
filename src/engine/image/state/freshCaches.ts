/**
 * The caches of a machine whose state tells of none: those that its build makes while it boots, without objects.
 *
 * Their names lie in memory for objects, as a rebuilt machine has no constants.
 */
import '../../kernel/mm/slab/slab.js';
import '../../kernel/mm/slub/slub.js';
import { kmem_cache_init, kmem_cache_init_late } from '../../kernel/include/linux/slab.h.js';
import { writeByte } from '../../kernel/lib/string.js';
import type { Kernel } from '../../machine/kernel.js';
import { cacheRecords } from '../boot/bootRecord.js';
import { type BootSteps, Growth } from '../boot/growth.js';
import { writeKmallocInfo } from '../boot/kmallocInfo.js';
import { clearBootData, writeStaticData } from '../boot/staticData.js';
import { ObjectMemory } from './objectMemory.js';
import { loadPercpu, PERCPU_BYTES } from './percpuState.js';

const STRING_BYTES = 16384;

/**
 * Takes pages from the free lists.
 * @param steps by the cache that is made next, what is done before
 */
export function freshCaches(k: Kernel, steps: BootSteps = {}): void {
  const memory = new ObjectMemory(k, PERCPU_BYTES + STRING_BYTES);
  loadPercpu(k, memory);
  const texts = ['', 'kernel', 'slab', ...cacheRecords(k.profile).map(({ name }) => name)];
  for (const text of texts) k.machine.addLiteral(text, memory.string(text));
  // What the state told of these stays.
  const told = [k.globals.gfp_allowed_mask, k.globals.min_free_kbytes];
  const values = told.map((at) => k.words[at] ?? 0);
  clearBootData(k);
  writeStaticData(k);
  // Each is found by its name.
  const slab_nomerge = k.profile.symbol('slab_nomerge')?.address;
  if (slab_nomerge !== undefined) writeByte(k, slab_nomerge, 1);
  writeKmallocInfo(k);
  kmem_cache_init(k);
  new Growth(k, {
    ...steps,
    pid: () => {
      kmem_cache_init_late(k);
    },
  }).runCaches();
  told.forEach((at, i) => {
    k.write(at, values[i] ?? 0);
  });
}
