/** Recorded machines with their slab allocator: what `idle` dumped of it is in memory. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import {
  loadSlabs,
  openState,
  readTrace,
  type TraceDump,
} from '../../src/engine/image/state/index.js';

export interface SlabMachine {
  readonly image: KernelImage;
  /** The dump that was loaded. */
  readonly dump: TraceDump;
}

/** @param folder of test/data/golden */
export function openSlabMachine(folder: string): SlabMachine {
  const file = `test/data/golden/${folder}/idle-s1.trace.gz`;
  const text = gunzipSync(readFileSync(file)).toString('latin1');
  const image = openState(text);
  for (const item of readTrace([text])) {
    if (item.kind !== 'dump' || item.name !== 'slabs') continue;
    image.tape.setRecording(false);
    loadSlabs(image, item);
    image.tape.setRecording(true);
    return { image, dump: item };
  }
  throw new Error(`${file} has no %slabs`);
}
