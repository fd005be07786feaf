/**
 * Part of `npm run bench -- window`: kpageflags and kpagecount of 64 GiB (16.7 million frames, two files of 134 MB), from the files to the
 * picture in the window, at the zoom that shows the whole machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CaptureMachine } from '../../src/extension/capture/captureMachine.js';
import { FrameCapture } from '../../src/report/binary/frameCapture.js';
import { bytesOf, capturedFrames } from './capturedFrames.js';
import { launch, MapPage, type Machine } from './mapPage.js';

const FRAMES = 1 << 24;
const PIECE_BYTES = 1 << 22;
const KINDS = ['kpageflags', 'kpagecount'] as const;

/** Milliseconds until the capture is read, and until it is drawn. */
export interface CaptureFigures {
  readonly read: number;
  readonly drawn: number;
}

export function writeCaptures(folder: string): void {
  const { flags, counts } = capturedFrames(FRAMES);
  writeFileSync(path.join(folder, 'kpageflags.bin'), bytesOf(flags));
  writeFileSync(path.join(folder, 'kpagecount.bin'), bytesOf(counts));
}

/** @param firstPicture runs in the page: tells of the session, and waits for its picture */
export async function measureCapture(
  folder: string,
  firstPicture: () => Promise<number>,
): Promise<CaptureFigures> {
  const shown: { machine?: CaptureMachine } = {};
  const asked: Machine = {
    request: (name, args) => Promise.resolve().then(() => shown.machine?.answer(name, args)),
  };
  const kept = { views: { physical: { zoom: 'fit' } } };
  const map = await MapPage.open(await launch(), asked, { width: 1600, height: 900, kept });
  const start = performance.now();
  const capture = new FrameCapture();
  for (const kind of KINDS) {
    const bytes = readFileSync(path.join(folder, `${kind}.bin`));
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      capture.add(kind, bytes.subarray(at, at + PIECE_BYTES));
  }
  shown.machine = new CaptureMachine(capture);
  const read = performance.now() - start;
  await map.page.evaluate(firstPicture);
  const drawn = performance.now() - start;
  await map.page.close();
  return { read, drawn };
}
