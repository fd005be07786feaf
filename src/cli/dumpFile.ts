/** A dump or a recorded state that a mode is called with, opened for as long as it is read. */
import type { KernelImage } from '../engine/image/kernelImage.js';
import { dumpSpecOf, openMachine } from '../engine/image/openMachine.js';
import { keepingNothing, nodeFiles } from '../files/nodeFiles.js';
import type { Given } from './options.js';

/** What a dump or a recorded state, whichever the file is, has to say. */
export async function ofDump<T>(
  path: string,
  { isKept, ...given }: Given,
  read: (image: KernelImage) => T,
): Promise<T> {
  const spec = await dumpSpecOf(path, nodeFiles);
  const { image, close } = await openMachine(
    spec.kind === 'core' ? { ...spec, ...given } : spec,
    isKept ? nodeFiles : keepingNothing,
  );
  try {
    return read(image);
  } finally {
    close();
  }
}
