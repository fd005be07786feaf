/**
 * Pages that wait in a CPU's batches, on their way to an LRU list or off it: each holds a reference meanwhile.
 *
 * Source: Linux 6.1 mm/swap.c: struct cpu_fbatches, lru_rotate; mm/mlock.c: mlock_pvec, whose pointers have marks in their low bits.
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import { stripTypedefs } from '../../types/layout.js';
import type { Inspected } from '../inspected.js';

/** PAGEVEC_SIZE is 15, or 31 from 6.10 on. */
const MAX_BATCH = 31;
const MARKS = 3;

/** How many references batches hold, by the address of the page. */
export function batchReferences(k: Inspected): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  const add = (batch: VirtAddr, offset: number, tag: string, member: string): void => {
    const nr = Math.min(k.space.u8(batch, offset + k.offset(tag, 'nr')), MAX_BATCH);
    for (let i = 0; i < nr; i++) {
      const at = offset + k.offset(tag, member) + i * k.pointerSize;
      const page = k.space.pointer(batch, at, MARKS);
      found.set(page, (found.get(page) ?? 0) + 1);
    }
  };
  for (const [name, tag] of [
    ['cpu_fbatches', 'cpu_fbatches'],
    ['lru_rotate', 'lru_rotate'],
    ['mlock_pvec', 'mlock_pvec'],
    ['mlock_fbatch', 'mlock_fbatch'],
  ] as const) {
    const variable = k.findGlobal(name);
    const type = k.struct(tag);
    if (variable === undefined || type === undefined) continue;
    for (const cpu of k.onlineCpus()) {
      const at = asVirt(k.perCpu(variable, cpu));
      for (const member of type.members) {
        const bare = stripTypedefs(member.type);
        if (bare.kind !== 'struct') continue;
        const offset = member.offsetBits / 8;
        if (bare.name === 'folio_batch') add(at, offset, 'folio_batch', 'folios');
        else if (bare.name === 'pagevec') add(at, offset, 'pagevec', 'pages');
      }
    }
  }
  return found;
}
