/** `mmscope/export`: the machine as it stands, written to a file as an ELF core with VMCOREINFO (engine/image/export). */
import { elfCore } from '../../engine/image/export/elfCore.js';
import { ImageError } from '../../engine/image/kernelImage.js';
import { FileError } from '../../engine/image/openMachine.js';
import type { Host, WrittenFile } from '../host.js';
import { inPieces } from '../inPieces.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const exportHandlers = (session: Session): Handlers<'mmscope/export'> => ({
  async 'mmscope/export'({ path }, context) {
    const { image } = session.current.target;
    const file = create(session.host, path);
    try {
      await inPieces(
        session,
        function* (mayRest) {
          for (const chunk of elfCore(image)) {
            file.add(chunk);
            // What is written is given up with the request.
            if (mayRest()) yield true;
          }
        },
        context,
      );
      return { sizeBytes: file.close() };
    } catch (error) {
      file.discard();
      if (error instanceof ImageError) throw errors.cannotExport(path, error.message);
      throw error;
    }
  },
});

function create(host: Host, path: string): WrittenFile {
  if (host.createFile === undefined)
    throw errors.cannotExport(path, 'there is no file system to write to');
  try {
    return host.createFile(host.resolvePath(path));
  } catch (error) {
    if (error instanceof FileError) throw errors.cannotExport(path, error.reason);
    throw error;
  }
}
