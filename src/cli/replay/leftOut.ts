/**
 * What the comparison of words leaves out: words that the kernel's run changed and that are not memory management's. A word
 * that ours changed, too, is compared wherever it lies.
 *
 * The recorder ran inside the kernel it recorded, in one process: it kept its script, its objects and its output in static
 * data of its own, wrote it to a device through mappings that it moved along, and ran on a stack. On SMP a wait for RCU's
 * readers woke a worker thread: what it, its work queue and the scheduler wrote is left out, too. Nothing else is.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { asVirt, type VirtAddr } from '../../engine/memory/address.js';
import { readVirtual } from '../../engine/image/assemble.js';
import type { Profile } from '../../engine/types/profile.js';
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

/** THREAD_SIZE. Source: Linux 6.1 arch/x86/include/asm/page_32_types.h, page_64_types.h. */
const threadSize = (image: KernelImage): number => (image.profile.pointerSize === 8 ? 16384 : 8192);

const PTE_ADDRESS = 0x000f_ffff_ffff_f000n;

const LOCALS = "addresses of the kernel's local variables";

export class LeftOut {
  readonly counts = new Map<string, number>();
  private readonly ranges: Range[];
  private readonly constructorAddress: bigint;
  private readonly textEnd: bigint;

  private readonly stack: VirtAddr;

  constructor(private readonly image: KernelImage) {
    const task = currentTask(image);
    const stack = readPointer(image, asVirt(task + image.mm.byteOffset('task_struct', 'stack')));
    this.stack = stack;
    this.ranges = [
      { name: "the recorder's static data", holds: isRecorders },
      physical(image, 'kernel stack of the running process', stack, threadSize(image)),
      physical(
        image,
        'task_struct of the running process',
        task,
        image.mm.sizeBytes('task_struct'),
      ),
      {
        name: "page-table entries of the recorder's device",
        holds: ({ before, after }) => mapsDevice(image, before) && mapsDevice(image, after),
      },
    ];
    if (image.profile.smp) this.ranges.push(...rcuAtWork(image));
    for (const { name } of this.ranges) this.counts.set(name, 0);
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

  /**
   * Whether both values point to a local variable of a kernel function. The compiler put the kernel's somewhere on the
   * running process's stack; the engine's are registers, with addresses that no memory has.
   */
  areLocals(ours: bigint, kernels: bigint): boolean {
    const { mm, profile } = this.image;
    const bits = profile.pointerSize * 8;
    const virt = (value: bigint): VirtAddr =>
      asVirt(Number(bits === 64 ? BigInt.asIntN(64, value) : value));
    const [own, other] = [mm.cell_of(virt(ours)), virt(kernels)];
    const locals = [mm.register('freelist'), mm.register('tmp_list')];
    if (!locals.some((local) => local === own)) return false;
    if (other < this.stack || other >= this.stack + threadSize(this.image)) return false;
    this.count(LOCALS);
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
 * 4 GiB.) An entry that comes or goes, as ioremap's do, is none on one side.
 */
function mapsDevice(image: KernelImage, entry: bigint): boolean {
  const frame = Number((entry & PTE_ADDRESS) >> 12n);
  return (entry & 1n) !== 0n && frame >= image.maxPfn && frame < 1 << 20;
}

/** Tree RCU's own state, the threads that a grace period can run on, and what the scheduler keeps about them. */
function rcuAtWork(image: KernelImage): Range[] {
  const scheduler = 'scheduler and work queues';
  const threads = 'kernel threads';
  const parts = [
    physical(image, scheduler, perCpu(image, 'runqueues'), sizeOf(image, 'runqueues')),
    physical(
      image,
      scheduler,
      perCpu(image, 'cpu_worker_pools'),
      sizeOf(image, 'cpu_worker_pools'),
    ),
  ];
  const { mm } = image;
  const field = (at: VirtAddr, tag: string, member: string): VirtAddr =>
    readPointer(image, asVirt(at + mm.byteOffset(tag, member)));
  for (const task of kernelThreads(image)) {
    parts.push(physical(image, threads, task, mm.sizeBytes('task_struct')));
    parts.push(physical(image, threads, field(task, 'task_struct', 'stack'), threadSize(image)));
    // What a thread was made for: `struct worker`, if that names the thread as its own.
    const kthread = field(task, 'task_struct', 'worker_private');
    const worker = kthread === 0 ? asVirt(0) : field(kthread, 'kthread', 'data');
    if (worker !== 0 && field(worker, 'worker', 'task') === task)
      parts.push(physical(image, threads, worker, mm.sizeBytes('worker')));
  }
  return [
    { name: 'RCU', holds: ({ symbol }) => symbol?.startsWith('rcu_state+') === true },
    ...[scheduler, threads].map((name) => ({
      name,
      holds: (word: KernelWord) => parts.some((part) => part.name === name && part.holds(word)),
    })),
  ];
}

/** All tasks without memory of their own, but the one that runs. */
function* kernelThreads(image: KernelImage): Generator<VirtAddr> {
  const { mm, profile } = image;
  const [tasks, memory] = ['tasks', 'mm'].map((name) => mm.byteOffset('task_struct', name));
  const head = asVirt((profile.symbol('init_task')?.address ?? 0) + (tasks ?? 0));
  const seen = new Set<number>();
  for (let at = readPointer(image, head); at !== head && at !== 0; at = readPointer(image, at)) {
    if (seen.has(at)) return;
    seen.add(at);
    const task = asVirt(at - (tasks ?? 0));
    if (readPointer(image, asVirt(task + (memory ?? 0))) === 0) yield task;
  }
}

const sizeOf = ({ profile }: KernelImage, symbol: string): number =>
  profile.symbol(symbol)?.sizeBytes ?? 0;

function physical(image: KernelImage, name: string, start: VirtAddr, sizeBytes: number): Range {
  const phys = image.mm.phys_of(start);
  if (phys === undefined) return { name, holds: () => false };
  return { name, holds: (word) => word.phys >= phys && word.phys < phys + sizeBytes };
}

/** `current` of the first CPU. */
const currentTask = (image: KernelImage): VirtAddr =>
  readPointer(image, perCpu(image, 'current_task'));

/** A variable of the first CPU. */
function perCpu(image: KernelImage, name: string): VirtAddr {
  const symbol = image.profile.symbol(name);
  const offsets = image.profile.symbol('__per_cpu_offset');
  if (symbol === undefined) throw new Error(`profile ${image.profile.name} has no ${name}`);
  const base = symbol.perCpu && offsets ? readPointer(image, offsets.address) : 0;
  return asVirt(symbol.address + base);
}

function readPointer(image: KernelImage, at: VirtAddr): VirtAddr {
  const size = image.profile.pointerSize;
  const bytes = readVirtual(image, at, size);
  if (bytes?.length !== size) return asVirt(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  return asVirt(size === 4 ? view.getUint32(0, true) : Number(view.getBigInt64(0, true)));
}
