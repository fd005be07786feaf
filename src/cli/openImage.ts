/** Opens a core or a recorded state, whichever a file is. */
import { openCore } from '../engine/image/core/openCore.js';
import { randomAccessOf } from '../engine/image/core/randomAccess.js';
import type { KernelImage } from '../engine/image/kernelImage.js';
import { findState, openState } from '../engine/image/state/index.js';
import type { TapeOptions } from '../engine/memory/tape.js';
import { chunksOf, readBytes } from './openFile.js';

/** Text is a recorded state: its first bytes are printable, while an ELF file and a kdump begin otherwise. */
const isText = (bytes: Uint8Array): boolean =>
  bytes.length > 0 &&
  bytes.subarray(0, 16).every((byte) => byte === 10 || (byte >= 32 && byte < 127));

/** @throws FileError, ImageError, TraceError */
export function openImage(path: string, tapeOptions?: TapeOptions): KernelImage {
  const bytes = readBytes(path);
  const name = path.split('/').slice(-2).join('/');
  const options = { name, ...(tapeOptions && { tapeOptions }) };
  if (isText(bytes)) return openState(findState(chunksOf(bytes)), options);
  return openCore(randomAccessOf(bytes), options);
}
