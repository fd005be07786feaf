/** A dump or a recorded state that a mode is called with, opened for as long as it is read. */
import type { KernelImage } from '../engine/image/kernelImage.js';
import type { Inspected } from '../engine/inspect/inspected.js';
import { dumpSpecOf, openMachine, openToInspect, type Files } from '../engine/image/openMachine.js';
import { keepingNothing, nodeFiles } from '../files/nodeFiles.js';
import type { DumpSpec } from '../engine/image/machineSpec.js';
import type { Given } from './options.js';
import { UsageError } from './usageError.js';

/** What a dump or a recorded state, whichever the file is, has to say. */
export async function ofDump<T>(
  path: string,
  given: Given,
  read: (image: KernelImage) => T,
): Promise<T> {
  const { spec, files } = await specOf(path, given);
  const { image, close } = await openMachine(spec, files);
  try {
    return read(image);
  } finally {
    close();
  }
}

/** The same by its own types alone, which is all that listing needs. */
export async function ofInspected<T>(
  path: string,
  given: Given,
  read: (dumped: Inspected) => T,
): Promise<T> {
  const { spec, files } = await specOf(path, given);
  const { dumped, close } = await openToInspect(spec, files);
  try {
    return read(dumped);
  } finally {
    close();
  }
}

async function specOf(
  path: string,
  { isKept, ...given }: Given,
): Promise<{ spec: DumpSpec; files: Files }> {
  const spec = await dumpSpecOf(path, nodeFiles);
  if (spec.kind === 'state' && (given.parts ?? []).length > 0)
    throw new UsageError('one recorded state at a time: parts are those of a split dump');
  return {
    spec: spec.kind === 'core' ? { ...spec, ...given } : spec,
    files: isKept ? nodeFiles : keepingNothing,
  };
}
