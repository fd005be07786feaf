/**
 * The files of a capture: those that are given, and of a kpageflags or kpagecount alone the other one beside it. They are read in pieces, so
 * that the editor goes on meanwhile.
 */
import type { Uri } from 'vscode';
import { workspace } from 'vscode';
import { FrameCapture, type CaptureFile } from '../../report/binary/frameCapture.js';

export interface CapturedFile {
  readonly kind: CaptureFile;
  readonly name: string;
  readonly bytes: Uint8Array;
}

const PIECE_BYTES = 1 << 22;
const PARTNERS: Partial<Record<CaptureFile, CaptureFile>> = {
  kpageflags: 'kpagecount',
  kpagecount: 'kpageflags',
};

/** `kpageflags.bin` and `kpagecount.bin`: what stands beside a file, if it does. */
export async function partnerOf(uri: Uri, kind: CaptureFile): Promise<CapturedFile | undefined> {
  const partner = PARTNERS[kind];
  if (partner === undefined || !uri.path.includes(kind)) return undefined;
  const at = uri.path.lastIndexOf(kind);
  const beside = uri.with({
    path: uri.path.slice(0, at) + partner + uri.path.slice(at + kind.length),
  });
  try {
    const bytes = await workspace.fs.readFile(beside);
    return { kind: partner, name: beside.path.replace(/^.*\//, ''), bytes };
  } catch {
    return undefined;
  }
}

export async function captureOf(files: readonly CapturedFile[]): Promise<FrameCapture> {
  const capture = new FrameCapture();
  for (const { kind, bytes } of files)
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      capture.add(kind, bytes.subarray(at, at + PIECE_BYTES));
      await new Promise((resolve) => setImmediate(resolve));
    }
  return capture;
}
