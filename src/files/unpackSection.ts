/**
 * Unpacks a section of debug information into a file of its own, which is read by ranges like a section that was not packed, and
 * goes when it is closed: in memory it would take hundreds of MiB.
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflate } from 'node:zlib';
import type { RandomAccess } from '../engine/image/core/randomAccess.js';
import { ImageError } from '../engine/image/kernelImage.js';
import type { Section } from '../engine/image/vmlinux/elfSections.js';
import type { Unpack } from '../engine/image/vmlinux/unpackedSections.js';
import { counted } from '../engine/view/counted.js';
import { openPlainFile, unzstd } from './randomAccessFile.js';

const PIECE_BYTES = 1 << 20;

export const unpackSection: Unpack = async (file, section) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mmscope-'));
  const name = path.join(folder, 'section');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await pipeline(upTo(section.sizeBytes, unpackedPieces(file, section)), createWriteStream(name));
    const unpacked = openPlainFile(name);
    return {
      ...unpacked,
      close: () => {
        unpacked.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    const why = error instanceof Error ? error.message : String(error);
    throw new ImageError(
      `Section ${section.name} of the file given as vmlinux is damaged: ${why}.`,
    );
  }
};

function* pieces(file: RandomAccess, { offset, fileBytes }: Section): Generator<Uint8Array> {
  for (let done = 0; done < fileBytes; done += PIECE_BYTES)
    yield file.read(offset + done, Math.min(PIECE_BYTES, fileBytes - done));
}

function unpackedPieces(file: RandomAccess, section: Section): AsyncIterable<Uint8Array> {
  const packed = pieces(file, section);
  if (section.packing === 'zlib') return Readable.from(packed).pipe(createInflate());
  return section.packing === 'zstd' ? unzstd(packed) : Readable.from(packed);
}

/** No more is written than the section's header says. */
async function* upTo(
  sizeBytes: number,
  unpacked: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let written = 0;
  for await (const piece of unpacked) {
    written += piece.length;
    if (written > sizeBytes)
      throw new Error(`it has more than the ${counted(sizeBytes, 'byte')} it claims`);
    yield piece;
  }
}
