/**
 * Stacks of calls that SLUB noted for users of objects: where the recorder called from, function by function. Ours have one entry, the
 * number of the call, so that their hashes, lengths and handles are others; the pages that they are in are the kernel's.
 *
 *     stack_table[]        the chains, by hash
 *     stack_slabs[i]       blocks of records
 *     depot_offset         how far the present block is filled
 *
 * Source: Linux 6.1 lib/stackdepot.c.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, PAGE_SIZE } from '../../engine/memory/address.js';
import { StructReader } from '../../engine/view/structReader.js';
import type { Extent } from './threads.js';

const NAME = 'stacks of calls';
/** STACK_ALLOC_ORDER */
const BLOCK_BYTES = PAGE_SIZE << 2;

export function* stackExtents(image: KernelImage): Generator<Extent> {
  const reader = new StructReader(image);
  const { pointerSize } = image.profile;
  const at = (name: string) => reader.symbol(name) ?? asVirt(0);
  const table = reader.pointerAt(at('stack_table')) ?? asVirt(0);
  if (table === 0) return;
  const nrChains = (reader.uintAt(at('stack_hash_mask')) ?? -1) + 1;
  yield { name: NAME, start: table, sizeBytes: nrChains * pointerSize };
  yield { name: NAME, start: at('depot_offset'), sizeBytes: pointerSize };
  for (let i = 0; ; i++) {
    const block = reader.pointerAt(at('stack_slabs') + i * pointerSize) ?? asVirt(0);
    if (block === 0) return;
    yield { name: NAME, start: block, sizeBytes: BLOCK_BYTES };
  }
}
