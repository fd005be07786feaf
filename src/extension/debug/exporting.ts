/** Writing a dump as an ELF core without a session; loaded with the first one. */
import { elfCore } from '../../engine/image/export/elfCore.js';
import { dumpSpecOf, openMachine } from '../../engine/image/openMachine.js';
import { nodeFiles } from '../../files/nodeFiles.js';
import { createFile } from '../../files/writeChunks.js';

/** Gives the size in bytes. @throws FileError, ImageError */
export async function exportDump(from: string, to: string): Promise<number> {
  const { image, close } = await openMachine(await dumpSpecOf(from, nodeFiles), nodeFiles);
  try {
    const file = createFile(to);
    try {
      for (const chunk of elfCore(image)) {
        file.add(chunk);
        // A MiB at a time: other extensions are served between two.
        await new Promise((resolve) => setImmediate(resolve));
      }
      return file.close();
    } catch (error) {
      file.discard();
      throw error;
    }
  } finally {
    close();
  }
}
