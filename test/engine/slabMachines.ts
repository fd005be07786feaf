/** Recorded machines with their slab allocator: what `idle` dumped of it is in memory. */
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import {
  loadSlabs,
  openState,
  readTrace,
  type TraceDump,
} from '../../src/engine/image/state/index.js';
import { recordedText } from '../recordings.js';

export interface SlabMachine {
  readonly image: KernelImage;
  /** The dump that was loaded. */
  readonly dump: TraceDump;
}

/** @param folder of a recorded machine */
export function openSlabMachine(folder: string): SlabMachine {
  const text = recordedText(folder, 'idle-s1.trace.gz');
  const image = openState(text);
  for (const item of readTrace([text])) {
    if (item.kind !== 'dump' || item.name !== 'slabs') continue;
    image.tape.setRecording(false);
    loadSlabs(image, item);
    image.tape.setRecording(true);
    return { image, dump: item };
  }
  throw new Error(`idle-s1 of ${folder} has no %slabs`);
}
