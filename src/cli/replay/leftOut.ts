/**
 * What the comparison of words leaves out: words that the kernel's run changed and that are not memory management's. Each is
 * left out for the place that it lies in; a word that ours changed, too, is compared wherever it lies.
 *
 * The recorder ran inside the kernel it recorded, in one process, with data, mappings and a stack of its own (recorder.ts).
 * Where another thread had work to do for it, that one ran meanwhile (threads.ts). Destroying a cache of mm/slub.c looks it up
 * in debugfs (debugfs.ts). Nothing else is left out.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { readVirtual } from '../../engine/image/assemble.js';
import { dentryParts, directoryWords, type PhysicalRange } from './debugfs.js';
import { deviceEntries, recorderStatics } from './recorder.js';
import { stackOf, taskParts, threadExtents, threadSize } from './threads.js';
import type { KernelWord } from './words.js';

/** A stretch of physical memory, half-open. */
export interface Place {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export class LeftOut {
  readonly counts = new Map<string, number>();
  readonly places: readonly Place[];

  /**
   * @param kernel what the kernel's run changed
   * @param ours what ours changed
   */
  constructor(image: KernelImage, kernel: readonly KernelWord[], ours: readonly KernelWord[]) {
    this.places = [...placesOf(image, kernel, ours)];
  }

  takes({ phys }: KernelWord): boolean {
    const place = this.places.find(({ start, end }) => phys >= start && phys < end);
    if (place === undefined) return false;
    this.counts.set(place.name, (this.counts.get(place.name) ?? 0) + 1);
    return true;
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
