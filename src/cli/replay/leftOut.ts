/**
 * What the comparison of words leaves out: words that the kernel's run changed and that are not memory management's. Each is
 * left out for the place that it lies in; a word that ours changed, too, is compared wherever it lies, but for stacks of calls and
 * dentries.
 *
 * The recorder ran inside the kernel it recorded, in one process, with data, mappings and a stack of its own (recorder.ts).
 * Where another thread had work to do for it, that one ran meanwhile (threads.ts). Destroying a cache of mm/slub.c looks it up
 * in debugfs (debugfs.ts). One that is debugged has files there (debugFiles.ts), notes who called (callStacks.ts), and changes the
 * kernel's code (poked.ts); reports are printed (printed.ts). Nothing else is left out.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { readVirtual } from '../../engine/image/assemble.js';
import { stackExtents } from './callStacks.js';
import { dentryParts, directoryWords, type PhysicalRange } from './debugfs.js';
import { DebugFiles } from './debugFiles.js';
import { pokingExtents, pokingStatics } from './poked.js';
import { logExtents, printingStatics } from './printed.js';
import { deviceEntries, recorderStatics } from './recorder.js';
import { stackOf, taskParts, threadExtents, threadSize } from './threads.js';
import type { KernelWord } from './words.js';

/** A stretch of physical memory, half-open. */
export interface Place {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Words that ours changed, too, are left out. */
  readonly isWhole?: boolean;
}

export class LeftOut {
  readonly counts = new Map<string, number>();
  readonly places: readonly Place[];
  private readonly debugFiles: DebugFiles;
  /** By the name beside the word. */
  private readonly statics = new Map<string, string>();

  /**
   * @param kernel what the kernel's run changed
   * @param ours what ours changed
   */
  constructor(image: KernelImage, kernel: readonly KernelWord[], ours: readonly KernelWord[]) {
    this.places = [...placesOf(image, kernel, ours)];
    this.debugFiles = new DebugFiles(image, kernel);
    for (const name of printingStatics(kernel)) this.statics.set(name, 'static data of printing');
    for (const name of pokingStatics(kernel))
      this.statics.set(name, 'static data of changing code');
  }

  /** @param isOurs whether ours changed the word, too */
  takes(word: KernelWord, isOurs: boolean): boolean {
    const name =
      this.placeOf(word, isOurs) ??
      (isOurs ? undefined : this.staticOf(word)) ??
      this.debugFiles.nameOf(word, isOurs);
    if (name === undefined) return false;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return true;
  }

  private staticOf({ symbol }: KernelWord): string | undefined {
    return this.statics.get(symbol?.replace(/[.+].*/, '') ?? '');
  }

  private placeOf({ phys }: KernelWord, isOurs: boolean): string | undefined {
    const isIn = ({ start, end }: Place): boolean => phys >= start && phys < end;
    return this.places.find((place) => isIn(place) && (!isOurs || place.isWhole === true))?.name;
  }
}

function* placesOf(
  image: KernelImage,
  kernel: readonly KernelWord[],
  ours: readonly KernelWord[],
): Generator<Place> {
  const statics = recorderStatics(image, kernel);
  if (statics !== undefined) yield { name: "the recorder's static data", ...statics };
  const task = currentTask(image);
  const stack = stackOf(image, task);
  yield* virtual(image, 'kernel stack of the running process', stack, threadSize(image));
  for (const { start, sizeBytes } of taskParts(image, task))
    yield* virtual(image, 'task_struct of the running process', start, sizeBytes);
  const { pointerSize } = image.profile;
  for (const start of deviceEntries(image))
    yield physical("page-table entries of the recorder's device", {
      start,
      sizeBytes: pointerSize,
    });
  for (const { name, start, sizeBytes } of threadExtents(image))
    yield* virtual(image, name, start, sizeBytes);
  for (const { name, start, sizeBytes } of [
    ...logExtents(image, kernel),
    ...pokingExtents(image, kernel),
  ])
    yield* virtual(image, name, start, sizeBytes);
  for (const { name, start, sizeBytes } of stackExtents(image))
    for (const place of virtual(image, name, start, sizeBytes)) yield { ...place, isWhole: true };
  for (const part of dentryParts(image, ours))
    yield physical("dentries of the caches' look-ups in debugfs", part);
  for (const part of directoryWords(image))
    yield physical("inode of the caches' directory in debugfs", part);
}

const physical = (name: string, { start, sizeBytes }: PhysicalRange): Place => ({
  name,
  start,
  end: start + sizeBytes,
});

function* virtual(
  image: KernelImage,
  name: string,
  start: VirtAddr,
  sizeBytes: number,
): Generator<Place> {
  const phys = image.mm.phys_of(start);
  if (phys !== undefined) yield physical(name, { start: phys, sizeBytes });
}

/** `current` of the first CPU. */
function currentTask(image: KernelImage): VirtAddr {
  const symbol = image.profile.symbol('current_task');
  const offsets = image.profile.symbol('__per_cpu_offset');
  if (symbol === undefined) throw new Error(`profile ${image.profile.name} has no current_task`);
  const base = symbol.perCpu && offsets ? readPointer(image, offsets.address) : 0;
  return readPointer(image, asVirt(symbol.address + base));
}

function readPointer(image: KernelImage, at: VirtAddr): VirtAddr {
  const size = image.profile.pointerSize;
  const bytes = readVirtual(image, at, size);
  if (bytes?.length !== size) return asVirt(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  return asVirt(size === 4 ? view.getUint32(0, true) : Number(view.getBigInt64(0, true)));
}
