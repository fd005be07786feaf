/** What profiles/growth.mjs needs of the engine, in one bundle. */
export { openCore } from '../../src/engine/image/core/openCore.js';
export { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
export { readZones } from '../../src/engine/image/state/index.js';
export { per_cpu, raw_cpu_ptr } from '../../src/engine/kernel/include/linux/percpu-defs.h.js';
export { folio_order } from '../../src/engine/kernel/include/linux/mm.h.js';
export { get_pfnblock_migratetype } from '../../src/engine/kernel/mm/page_alloc/pageblock.js';
export { is_kernel_rodata } from '../../src/engine/kernel/mm/util.js';
export { cacheName, slabCaches } from '../../src/engine/proc/slabCaches.js';
