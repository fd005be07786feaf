/**
 * What the comparison of words leaves out: words that the kernel's run changed and that are not memory management's. A word
 * that ours changed, too, is compared wherever it lies.
 *
 * The recorder ran inside the kernel it recorded, in one process: it kept its script, its objects and its output in static
 * data of its own, wrote it to a device through mappings that it moved along, and ran on a stack. Where another thread had work to
 * do for it, that one ran meanwhile (threads.ts). Nothing else is left out.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { readVirtual } from '../../engine/image/assemble.js';
import type { Profile } from '../../engine/types/profile.js';
import { stackOf, threadExtents, threadSize } from './threads.js';
import type { KernelWord } from './words.js';

interface Range {
  readonly name: string;
  readonly holds: (word: KernelWord) => boolean;
}

/** Statics of the recorder, as System.map has them without the number that tells statics of one name apart. */
const RECORDER_STATICS = new Set(
  (
    'arr pgs buf line cmd sq sym slots caches cache_names n_ops ckv pr kmst kmkind o_last out_overflow out_end out_pos ' +
    'out_start in_buf in_end in_pos in_start win_hdr win_out win_in bar_size bar_phys'
  ).split(' '),
);

const CONSTRUCTOR = "the address of the recorder's constructor";

/**
 * What stands for the recorder's constructor, an empty function: no image tells its address, so the first one of the kernel's
 * text is taken.
 */
export const constructorOf = (profile: Profile): VirtAddr =>
  profile.symbol('_stext')?.address ?? asVirt(0);

const PTE_ADDRESS = 0x000f_ffff_ffff_f000n;

export class LeftOut {
  readonly counts = new Map<string, number>();
  private readonly ranges: readonly Range[];
  private readonly constructorAddress: bigint;
  private readonly textEnd: bigint;

  constructor(image: KernelImage) {
    const task = currentTask(image);
    const stack = stackOf(image, task);
    this.ranges = [
      { name: "the recorder's static data", holds: isRecorders },
      physical(image, 'kernel stack of the running process', stack, threadSize(image)),
      physical(image, 'task_struct of the running process', task, image.mm.sizeof.task_struct),
      {
        name: "page-table entries of the recorder's device",
        holds: ({ before, after }) => mapsDevice(image, before) && mapsDevice(image, after),
      },
      ...threadExtents(image).map(({ name, start, sizeBytes }) =>
        physical(image, name, start, sizeBytes),
      ),
    ];
    const { profile } = image;
    const bits = profile.pointerSize * 8;
    this.constructorAddress = BigInt.asUintN(bits, BigInt(constructorOf(profile)));
    this.textEnd = BigInt.asUintN(bits, BigInt(profile.symbol('_etext')?.address ?? 0));
  }

  takes(word: KernelWord): boolean {
    const range = this.ranges.find(({ holds }) => holds(word));
    if (range === undefined) return false;
    this.count(range.name);
    return true;
  }

  /** Whether ours wrote the address of its stand-in where the recorder's kernel wrote the address of a function. */
  takesConstructor({ after }: KernelWord, ours: bigint): boolean {
    const { constructorAddress, textEnd } = this;
    if (ours !== constructorAddress || after < constructorAddress || after >= textEnd) return false;
    this.count(CONSTRUCTOR);
    return true;
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

function isRecorders({ symbol }: KernelWord): boolean {
  const name = symbol?.replace(/\+[0-9a-f]+$/, '').replace(/\.[0-9]+$/, '');
  return name !== undefined && RECORDER_STATICS.has(name);
}

/**
 * Whether a word reads as an entry that maps a page beyond RAM. (Of a PAE entry the lower word, which has the address below
 * 4 GiB.) An entry that comes or goes, as ioremap's do, is missing on one side.
 */
function mapsDevice(image: KernelImage, entry: bigint): boolean {
  const frame = Number((entry & PTE_ADDRESS) >> 12n);
  return (entry & 1n) !== 0n && frame >= image.maxPfn && frame < 1 << 20;
}

function physical(image: KernelImage, name: string, start: VirtAddr, sizeBytes: number): Range {
  const phys = image.mm.phys_of(start);
  if (phys === undefined) return { name, holds: () => false };
  return { name, holds: (word) => word.phys >= phys && word.phys < phys + sizeBytes };
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
