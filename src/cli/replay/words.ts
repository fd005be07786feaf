/**
 * Word for word: what our run of a trace changed in memory, against what the real kernel's run changed.
 *
 * `NAME.after.gz` lists every machine word of RAM that differs after the kernel's run: `PHYS OLD NEW [symbol+offset]`. The
 * tape knows every word that ours wrote. A word is *wrong* when ours ends with a value that the kernel's does not have, and
 * *missing* when the kernel changed it in memory management's own data and ours did not.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Cell } from '../../engine/memory/address.js';
import { LeftOut } from './leftOut.js';
import { fieldOfPage } from './pageFields.js';
import { type OwnAddresses, replayedAddresses, StandIns } from './standIns.js';

/** A machine word that changed. */
export interface KernelWord {
  readonly phys: number;
  readonly before: bigint;
  readonly after: bigint;
  /** `contig_page_data+2c8`, where the word lies in static data. */
  readonly symbol: string | undefined;
}

export interface WordsVerdict {
  /** Words that ours changed. */
  readonly ours: number;
  /** Words that the kernel changed, without those left out. */
  readonly kernels: number;
  readonly wrong: number;
  readonly missing: number;
  readonly first: string | undefined;
  /** What ours changed. */
  readonly changes: readonly KernelWord[];
  /** What was left out: name of the range, words. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** @throws Error for a line that is not a word */
export function parseWord(line: string): KernelWord {
  const match = /^([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)(?: (\S+))?$/.exec(line);
  const [, phys = '', before = '', after = '', symbol] = match ?? [];
  if (match === null) throw new Error(`'${line}' is not a changed word`);
  return {
    phys: parseInt(phys, 16),
    before: BigInt(`0x${before}`),
    after: BigInt(`0x${after}`),
    symbol,
  };
}

/**
 * @param own the addresses of ours that stand for the recorder's code
 * @param changes what ours changed, where it is known
 */
export function compareWords(
  image: KernelImage,
  kernel: readonly KernelWord[],
  own: OwnAddresses = replayedAddresses(image),
  changes: readonly KernelWord[] = changedWords(image),
): WordsVerdict {
  const ours = new Map(changes.map((word) => [word.phys, word]));
  const leftOut = new LeftOut(image, kernel, changes);
  const standIns = new StandIns(image, own);
  const verdict = { ours: ours.size, kernels: 0, wrong: 0, missing: 0 };
  let first: string | undefined;
  const report = (word: KernelWord, value: string): void => {
    const at = word.symbol ?? placeOf(image, word.phys);
    first ??= `${at} (physical 0x${word.phys.toString(16)}): ours ${value}, kernel 0x${word.after.toString(16)}, before 0x${word.before.toString(16)}`;
  };
  for (const word of kernel) {
    const value = ours.get(word.phys);
    if (value === undefined && leftOut.takes(word, false)) continue;
    verdict.kernels++;
    ours.delete(word.phys);
    const now = value?.after ?? word.before;
    if (now === word.after || (value !== undefined && leftOut.takes(word, true))) continue;
    // A stand-in may be what was there before.
    if (standIns.takes(word, now)) continue;
    if (value === undefined) verdict.missing++;
    else verdict.wrong++;
    report(word, value === undefined ? 'unchanged' : `0x${now.toString(16)}`);
  }
  // What remains of ours, the kernel left as it was.
  for (const [phys, word] of ours) {
    if (leftOut.takes(word, true)) continue;
    const { before, after } = word;
    verdict.wrong++;
    report({ phys, before, after: before, symbol: undefined }, `0x${after.toString(16)}`);
  }
  return { ...verdict, first, changes, leftOut: new Map([...leftOut.counts, ...standIns.counts]) };
}

/** The machine words of physical memory that are not what they were when the tape began. */
function changedWords({ mm, memory, tape }: KernelImage): readonly KernelWord[] {
  const initial = new Map<number, number>();
  tape.searchForward(tape.start, tape.end, (cell, before) => {
    if (!initial.has(cell)) initial.set(cell, before);
    return false;
  });
  const changes: KernelWord[] = [];
  const seen = new Set<number>();
  const sizeBytes = mm.ptr_words * 4;
  for (const cell of initial.keys()) {
    if (memory.frameOfSlot[cell >>> 10] === undefined) continue;
    const phys = memory.physOf(cell as Cell);
    // Registers and scenario variables are not memory.
    if (phys >= memory.nrFrames * 4096) continue;
    const word = phys - (phys % sizeBytes);
    if (seen.has(word)) continue;
    seen.add(word);
    const first = cell - (phys - word) / 4;
    const read = (of: (cell: number) => number): bigint => {
      let value = 0n;
      for (let i = mm.ptr_words - 1; i >= 0; i--)
        value = (value << 32n) | BigInt(of(first + i) >>> 0);
      return value;
    };
    const now = (at: number): number => memory.words[at] ?? 0;
    const before = read((at) => initial.get(at) ?? now(at));
    const after = read(now);
    if (before !== after) changes.push({ phys: word, before, after, symbol: undefined });
  }
  return changes;
}

/** A word of mem_map by its page; else by nothing. */
function placeOf({ mm }: KernelImage, phys: number): string {
  const va = mm.memmap.vaOfFrame(Math.floor(phys / 4096));
  if (va === undefined) return 'memory';
  const low = (va + (phys % 4096)) | 0;
  const words = ((low - mm.memmap.baseLow) >>> 0) / 4;
  const pfn = Math.floor(words / mm.memmap.page_words);
  return `page 0x${pfn.toString(16)} ->${fieldOfPage(mm, words % mm.memmap.page_words)}`;
}
