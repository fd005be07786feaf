/** `mmscope export FROM TO`: the machine of a dump, of a recorded state, or of a scenario that has run, as an ELF core. */
import { elfCore } from '../engine/image/export/elfCore.js';
import type { KernelImage } from '../engine/image/kernelImage.js';
import { writeChunks } from '../files/writeChunks.js';
import { ofDump } from './dumpFile.js';
import type { Given } from './options.js';
import { run } from './run/run.js';

/** Gives the size of the file that was written. */
export async function exportCore(from: string, to: string, given: Given): Promise<number> {
  const write = (image: KernelImage): number => writeChunks(to, elfCore(image));
  if (!from.endsWith('.mms')) return ofDump(from, given, write);
  let size = 0;
  await run(
    from,
    { out: () => undefined, err: console.error },
    { atEnd: (image) => (size = write(image)) },
  );
  return size;
}
